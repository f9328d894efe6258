"""Regions that lie elsewhere from a day on: order a move, and see how far it is."""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.reporting import boundaries, import_words, jobs
from services.reporting.boundaries import BadMove
from services.reporting.pages.common import Typed, pages
from services.reporting.resources import Transaction, bus, forms
from shared import regions
from shared.security import BadLink, National
from shared.web import Form

router = APIRouter(prefix="/moves", include_in_schema=False)
Words = Annotated[str, Query(max_length=13)]
After = Annotated[int | None, Query(ge=1, le=2**63 - 1)]

FIELDS = {
    "unknown-region": "to_code",
    "not-alike": "to_code",
    "too-large": "from_code",
    "unknown-from": "from_code",
    "moved-already": "valid_from",
}


@router.get("")
def list_moves(
    request: Request, _caller: National, session: Transaction, q: Words = "", after: After = None
) -> Response:
    """The moves so far, and a form for another one."""
    return _page(request, session, Form(), q, after)


@router.post("")
def order(request: Request, caller: National, session: Transaction, data: Typed) -> Response:
    """Have a region moved from its day on."""
    say = pages.gettext(request)
    from_code, to_code = (data.get(name, "").strip()[:13] for name in ("from_code", "to_code"))
    errors: dict[str, str] = {}
    try:
        forms.form_id(data.get("form_token", ""))
        valid_from = date.fromisoformat(data.get("valid_from", ""))
        boundaries.order(session, caller.name, from_code, to_code, valid_from)
    except BadLink:
        errors[""] = say(import_words.REFUSALS["form-expired"])
    except BadMove as bad:
        errors[FIELDS[str(bad)]] = say(import_words.MOVES[str(bad)])
    except ValueError:
        errors["valid_from"] = say(import_words.REFUSALS["no-date"])
    if errors:
        return _page(request, session, Form(data, errors), code=422)
    bus.wake(session, jobs.move_regions)
    return RedirectResponse("/reporting/moves", 303)


def _page(  # noqa: PLR0913 - all that the page shows
    request: Request,
    session: Session,
    form: Form,
    q: str = "",
    after: int | None = None,
    *,
    code: int = 200,
) -> Response:
    rows, following = boundaries.page(session, q, after)
    kept = {"q": q} if q else {}
    return pages.render(
        request,
        "moves.html",
        code,
        rows=rows,
        q=q,
        region_of=regions.find,
        form=form,
        token=forms.new_form(),
        next_url="?" + urlencode({**kept, "after": following}) if following else "",
        first_url="?" + urlencode(kept) if after else "",
    )
