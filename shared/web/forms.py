"""What a page hands to the form macros, and how it reads a region back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

URLENCODED = "application/x-www-form-urlencoded"


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
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != URLENCODED:
        raise HTTPException(415)
    return await request.form(max_files=0, max_fields=100)


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
