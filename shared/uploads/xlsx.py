"""A spreadsheet that is what it says when it is unpacked."""

from copy import copy
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from shared.uploads.refused import Refused

ENTRIES = 1000
UNPACKED = 64 * 1024 * 1024  # bytes; 5,000 rows of ours are 5 MB
RATIO = 200  # a sheet of equal rows comes to 100
SMALL = 4 * 1024 * 1024  # bytes that may be packed as tightly as they like
_CHUNK = 64 * 1024
_NEEDED = {"[Content_Types].xml", "xl/workbook.xml"}
_ACTIVE = ("xl/vbaproject", "xl/embeddings/", "xl/activex/", "xl/macrosheets/")


def check_xlsx(data: bytes) -> None:
    """Raise `Refused` for an archive that is no XLSX, damaged, locked, a bomb, or has macros."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            _check(archive, len(data))
    except Refused:
        raise
    except Exception as error:  # zipfile and zlib raise whatever they stumble over
        raise Refused("damaged") from error


def _check(archive: ZipFile, packed: int) -> None:
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise Refused("archive-bomb")
    if not {entry.filename for entry in entries} >= _NEEDED:
        raise Refused("wrong-kind")
    if any(entry.filename.lower().startswith(_ACTIVE) for entry in entries):
        raise Refused("active-content")
    room = min(UNPACKED, max(SMALL, RATIO * packed))
    for entry in entries:
        room -= _unpacked(archive, entry, room)


def _unpacked(archive: ZipFile, entry: ZipInfo, room: int) -> int:
    """How many bytes the entry really has; its header may say anything."""
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise Refused("damaged")
    honest = copy(entry)
    # zipfile stops here, instead of where the header says; so far on that we say no before it
    # compares checksums.
    honest.file_size = room + 2 * _CHUNK
    size = 0
    with archive.open(honest) as part:
        while chunk := part.read(_CHUNK):
            size += len(chunk)
            if size > room:
                raise Refused("archive-bomb")
    return size
