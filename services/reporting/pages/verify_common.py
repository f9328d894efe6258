"""What the pages of the verifier's desk share: filters in the address, and what is told after."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.datastructures import FormData

from services.reporting import verify_words
from services.reporting.pages.common import pages
from services.reporting.tile_maps import short_name
from services.reporting.verification import STATES, Filters, Outcome
from shared import regions
from shared.web import Form, read_form

LENGTH = 100
COMMENT = 1000


async def typed_lists(request: Request) -> FormData:
    """What was typed, with names that come several times."""
    return await read_form(request)


TypedLists = Annotated[FormData, Depends(typed_lists)]


def read_filters(values: Any) -> Filters:
    """Filters from an address or a form; of a state that is none, what waits is shown."""
    found = {
        name: str(values.get(name, ""))[:LENGTH].replace("\x00", "")
        for name in Filters.__annotations__
    }
    if found["state"] not in STATES:
        found["state"] = "waiting"
    return Filters(**found)


def kept(filters: Filters, **more: Any) -> dict[str, Any]:
    """What stays in the address of the same list."""
    own = {name: getattr(filters, name) for name in Filters.__annotations__}
    own["state"] = "" if filters.state == "waiting" else filters.state
    return {name: value for name, value in (own | more).items() if value}


def short_place(library: str, code: str, scope: str) -> str:
    """Where a library lies, without what its reader or its own name says already.

    `scope` is the reader's region. The province is never said; its own page tells all of it.
    """
    region = regions.find(code)
    if region is None:
        return code
    path = [one for one in reversed(region.path) if len(one.code) > max(len(scope), 2)]
    if len(path) > 1 and path[0].name in library:
        path = path[1:]
    return ", ".join(short_name(one.code) for one in path) or region.label


def query(values: dict[str, Any]) -> str:
    """The end of an address."""
    return "?" + urlencode(values)


def told(action: str, outcome: Outcome) -> dict[str, Any]:
    """What the next page says of a decision: numbers, nothing else."""
    return {"did": action, "n": outcome.done or "0", "skipped": outcome.skipped}


def sentences(request: Request) -> list[str]:
    """The outcome of a decision in words, from the address."""
    asked, say = request.query_params, pages.gettext(request)
    action, number, skipped = (asked.get(name, "") for name in ("did", "n", "skipped"))
    if action not in verify_words.ACTIONS or not number.isdecimal():
        return []
    found = [say(verify_words.ACTIONS[action][2]).format(n=int(number[:6]))]
    if skipped.isdecimal():
        found.append(say(verify_words.SKIPPED).format(n=int(skipped[:6])))
    return found


def refusal(request: Request, code: str, field: str = "", values: Any = None) -> Form:
    """A form with one thing wrong."""
    return Form(values or {}, {field: pages.gettext(request)(verify_words.REFUSALS[code])})


def comment_of(data: Any) -> str:
    """What was written to the library, within bounds."""
    return str(data.get("comment", "")).replace("\x00", "").strip()[:COMMENT]


def to_number(typed: object) -> int:
    """A small number from a form; zero when it is none."""
    text = str(typed)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
