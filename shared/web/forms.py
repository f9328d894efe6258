"""What a page hands to the form macros, and how it reads a region back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from shared import regions
from shared.web.languages import gettext_noop as _

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
# Bytes of all files in one form: the scripts and hints tell it, `shared.http` holds to it, and
# `shared.uploads` judges each file.
UPLOAD_LIMIT = 12 * 1024 * 1024
FIELDS = 200
FIELD_BYTES = 64 * 1024
REGION_LISTS = {
    1: _("Provinsi"),
    2: _("Kabupaten/kota"),
    3: _("Kecamatan"),
    4: _("Desa/kelurahan"),
}


@dataclass(frozen=True)
class Form:
    """What was typed and what is wrong with it, both by field name.

    Errors are in the reader's language already. An error under the empty name belongs to the
    whole form: the error summary shows it without a link.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


async def read_form(request: Request) -> FormData:
    """What was typed, as the plain forms of ours send it. Raises 415 for any other kind of body.

    A multipart body names the charset of its parts, and with it a decoder of Python's that takes
    seconds, or one that does not exist.
    """
    if _kind(request) != URLENCODED:
        raise HTTPException(415)
    return _without_nul(await request.form(max_files=0, max_fields=100))


async def read_upload_form(
    request: Request, *, files: int, fields: int = FIELDS, field_bytes: int = FIELD_BYTES
) -> FormData:
    """What was typed and at most `files` files, from a multipart form or a plain one.

    Every file input of the page counts as a file, also one left empty, which is then left out of
    what is returned. Text is UTF-8. A field may hold a file where text is expected and the other
    way round: `uploaded` gives the files, `isinstance(value, str)` tells the texts.

    Raises 415 for any other kind of body, 400 for one that is broken or has too much in it.
    """
    kind = _kind(request)
    if kind == URLENCODED:
        plain = await request.form(max_files=0, max_fields=fields, max_part_size=field_bytes)
        return _without_nul(plain)
    _, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != MULTIPART or b"charset" in options:
        raise HTTPException(415)
    parser = _Utf8Parser(
        request.headers,
        request.stream(),
        max_files=files,
        max_fields=fields,
        max_part_size=field_bytes,
    )
    try:
        form = await parser.parse()
    except MultiPartException:
        raise HTTPException(400) from None
    found = [(name, await _in_memory(value)) for name, value in form.multi_items()]
    return _without_nul(FormData([(name, value) for name, value in found if not _empty(value)]))


def uploaded(form: FormData, name: str) -> list[UploadFile]:
    """The files sent under a name; read one with `upload.file.read()`, or give `upload.file` on."""
    return [value for value in form.getlist(name) if isinstance(value, UploadFile)]


class _Utf8Parser(MultiPartParser):
    """Starlette's, which reads what is not UTF-8 as Latin-1, and so would keep nonsense."""

    def on_part_end(self) -> None:
        if self._current_part.file is None:
            _utf8(self._current_part.data)
        super().on_part_end()

    def on_headers_finished(self) -> None:
        _utf8(self._current_part.content_disposition or b"")
        super().on_headers_finished()


def _utf8(data: bytes | bytearray) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise MultiPartException("not UTF-8") from None


def _without_nul(form: FormData) -> FormData:
    """Text as it can be kept: PostgreSQL refuses a NUL, which nobody sees who pastes one."""

    def clean(value: str | UploadFile) -> str | UploadFile:
        return value.replace("\x00", "") if isinstance(value, str) else value

    return FormData([(name, clean(value)) for name, value in form.multi_items()])


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _in_memory(value: str | UploadFile) -> str | UploadFile:
    # While it arrived it lay on the disk; now it is judged in memory, and nobody has to close it.
    if isinstance(value, str):
        return value
    content = await value.read()
    await value.close()
    return UploadFile(
        BytesIO(content), size=len(content), filename=value.filename, headers=value.headers
    )


def _empty(value: str | UploadFile) -> bool:
    return isinstance(value, UploadFile) and not value.filename and not value.size


def chosen_region(codes: Iterable[str]) -> str:
    """The deepest region that was chosen, or an empty string.

    `region_field` sends the same name once per list (province, kab/kota, ...), or once in all when
    the picker script runs. A list further down that no longer fits the one above it, because
    somebody went back and changed the province, does not count.
    """
    chosen = ""
    for code in filter(None, codes):
        if chosen and not code.startswith(f"{chosen}."):
            break
        chosen = code
    return chosen


def region_lists(
    within: str, chosen: str, say: Callable[[str], str], *, deepest: int = 4
) -> list[dict[str, Any]]:
    """The lists of `region_field` below a region ("": the country), as far as a choice was made."""
    region = regions.find(chosen)
    path = [step.code for step in region.path] if region else []
    shown: list[dict[str, Any]] = []
    parent = within or None
    for level in range(regions.level_of(within) + 1, deepest + 1):
        options = [(child.code, child.name) for child in regions.children(parent)]
        picked = path[level - 1] if len(path) >= level else ""
        label = say(REGION_LISTS[level])
        shown.append({"label": label, "options": options, "chosen": picked})
        if not picked:
            break
        parent = picked
    return shown
