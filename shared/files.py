"""Files that people hand in, on disk under the hash of their content, and the way out for them."""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

_EXTENSION = re.compile(r"[a-z0-9]{1,5}")
_NAME = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}\.[a-z0-9]{1,5}")
_HALF = "half-"  # begins the name of a file that is still being written


class FileStore:
    """A content-addressed store: the same content is one file, however often it is put.

    `folder` is asked each time. Several processes, or hosts with one disk, may use it at once.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    def put(self, data: bytes, extension: str) -> str:
        """Keep `data` and return its name, `ab/cd/<sha256>.<extension>`.

        It is safe on the disk when this returns: put first, commit the row that names it after.
        Putting it again makes it young again, so no sweep takes it from under a new row.
        """
        if not _EXTENSION.fullmatch(extension):
            raise ValueError(f"no extension of ours: {extension!r}")
        digest = hashlib.sha256(data).hexdigest()
        path = self._folder() / digest[:2] / digest[2:4] / f"{digest}.{extension}"
        for folder in (self._folder(), path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, half = tempfile.mkstemp(prefix=_HALF, dir=path.parent)  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(half).replace(path)
        except BaseException:
            Path(half).unlink(missing_ok=True)
            raise
        for folder in (path.parent, path.parent.parent, self._folder()):
            _sync(folder)
        return str(path.relative_to(self._folder()))

    def path(self, name: str) -> Path:
        """Where it is, if it is. Raises ValueError for a name that `put` never gave."""
        if not _NAME.fullmatch(name):
            raise ValueError("no name of a stored file")
        return self._folder() / name

    def delete(self, name: str, *, older_than: timedelta = timedelta(0)) -> bool:
        """Whether there was such a file, so old, which is gone now.

        Give the age again that `names` was asked for: somebody may have put it since.
        """
        path = self.path(name)
        with suppress(FileNotFoundError):
            if _old(path, older_than):
                path.unlink()
                return True
        return False

    def names(self, *, older_than: timedelta = timedelta(0)) -> Iterator[str]:
        """Every file that was last put so long ago, for a sweep of what no row names.

        An hour is enough of an age: no transaction of ours waits longer with a file in hand. What
        a crash left half written goes on the way.
        """
        folder = self._folder()
        for path in folder.glob("??/??/*"):
            name = str(path.relative_to(folder))
            with suppress(FileNotFoundError):
                if path.name.startswith(_HALF) and _old(path, timedelta(days=1)):
                    path.unlink()
                elif _NAME.fullmatch(name) and _old(path, older_than):
                    yield name


def send_file(
    path: Path, media_type: str, download_name: str, *, public: bool = False
) -> FileResponse:
    """The file as an answer that can do nothing in our name; raises 404 when it is not there.

    Pictures are shown, all else is saved: a browser's own PDF viewer does not open in a sandbox.
    `public` is for what everybody may see, under an address that names its content.
    """
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(
        path,
        media_type=media_type,
        filename=download_name,
        content_disposition_type="inline" if media_type.startswith("image/") else "attachment",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "public, max-age=31536000, immutable"
            if public
            else "private, no-store",
        },
    )


def _old(path: Path, age: timedelta) -> bool:
    return path.stat().st_mtime <= time.time() - age.total_seconds()


def _sync(folder: Path) -> None:
    # A renamed file is safe only when its folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
