"""Rebuild `shared/data/regions.txt.gz` from the npm package `idn-area-data`.

The same package always gives the same bytes. Needs `npm` and the network:

    .venv/bin/python scripts/build_regions.py

Beyond leaving out the islands, one thing is altered: typographic and double quotation marks inside
names (`Ra"as`) become apostrophes (`Ra'as`), which is what they stand for.
"""

import base64
import csv
import gzip
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

PACKAGE = "idn-area-data@4.0.1"
SHA512 = "PhNSIl5T7swVwwWxJOFMtCaeHAF9TUu0HLDf+36EIWZro9j7au83AFIJiBQGL+iRsBDA2OlpJ5fjiqxNYndzOQ=="
COUNTS = {"provinces": 38, "regencies": 514, "districts": 7_285, "villages": 83_762}
APOSTROPHES = str.maketrans({"’": "'", '"': "'"})
TARGET = Path(__file__).parent.parent / "shared" / "data" / "regions.txt.gz"

Names = Mapping[str, str]


class BadSourceError(Exception):
    """The package is not what this script was written for."""


def download(folder: Path) -> bytes:
    """The package's archive as npm hands it out, or `BadSourceError` if it is another one."""
    npm = shutil.which("npm")
    if npm is None:
        raise BadSourceError("npm is not installed")
    command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    content = archive.read_bytes()
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != SHA512:
        raise BadSourceError(f"{archive.name} is not the archive this script was written for")
    return content


def read_names(archive: bytes) -> list[Names]:
    """Names by code, one mapping for each level from the provinces down."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        return [
            {row["code"]: row["name"].translate(APOSTROPHES) for row in rows(members, table)}
            for table in COUNTS
        ]


def rows(members: tarfile.TarFile, table: str) -> list[dict[str, str]]:
    """Rows of one CSV file of the package."""
    member = members.extractfile(f"package/data/{table}.csv")
    if member is None:
        raise BadSourceError(f"no table {table}")
    return list(csv.DictReader(io.TextIOWrapper(member, encoding="utf-8", newline="")))


def check(levels: list[Names]) -> None:
    """Raise `BadSourceError` unless counts, parents and characters are as the reader expects."""
    for (table, count), names in zip(COUNTS.items(), levels, strict=True):
        if len(names) != count:
            raise BadSourceError(f"{len(names)} {table} instead of {count}")
        if len({len(code) for code in names}) != 1:
            raise BadSourceError(f"codes of {table} differ in length")
        unclean = [name for name in names.values() if not (name.isascii() and name.isprintable())]
        if unclean or not all(names.values()):
            raise BadSourceError(f"names of {table} that are empty or not ASCII: {unclean}")
    for parents, names in pairwise(levels):
        orphans = [code for code in names if code.rpartition(".")[0] not in parents]
        if orphans:
            raise BadSourceError(f"regions without a parent: {orphans}")


def pack(levels: list[Names]) -> bytes:
    """The file's content: for each level its sorted codes and then their names, a line each."""
    blocks = []
    for names in levels:
        codes = sorted(names)
        blocks += ["\n".join(codes), "\n".join(names[code] for code in codes)]
    return gzip.compress(("\n\n".join(blocks) + "\n").encode("ascii"), mtime=0)


def main() -> None:
    """Write the file and say what came out."""
    with tempfile.TemporaryDirectory() as folder:
        levels = read_names(download(Path(folder)))
    check(levels)
    TARGET.write_bytes(pack(levels))
    print(f"{TARGET}: {sum(map(len, levels)):,} regions, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
