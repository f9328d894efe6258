"""Set what a region wants to reach in a year: the national library and provinces."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.reporting import dashboard_views, dashboard_words, targets, tile_maps, words
from services.reporting.pages.common import Typed, pages
from services.reporting.resources import Transaction, forms
from services.reporting.targets import INDICATORS, MOST, YEARS
from shared import regions
from shared.security import BadLink, Caller, Host
from shared.web import Form

router = APIRouter(prefix="/targets", include_in_schema=False)
Region = Annotated[str | None, Query(max_length=13)]
Year = Annotated[int | None, Query(ge=YEARS[0], le=YEARS[1])]


@router.get("")
def show(
    request: Request,
    caller: Host,
    session: Transaction,
    region: Region = None,
    year: Year = None,
) -> Response:
    """The targets of a region and year, to fill in."""
    code, of_year = _which(caller, region, year)
    kept = targets.of(session, code, of_year)
    form = Form({name: str(target.value) for name, target in kept.items()})
    return _page(request, session, caller, code, of_year, form)


@router.post("")
def change(  # noqa: PLR0913, PLR0917 - the address says which, the form how much
    request: Request,
    caller: Host,
    session: Transaction,
    data: Typed,
    region: Region = None,
    year: Year = None,
) -> Response:
    """Set them; an empty field removes one."""
    code, of_year = _which(caller, region, year)
    say = pages.gettext(request)
    values, errors = _read(data)
    told = {name: say(text) for name, text in errors.items()}
    try:
        forms.form_id(data.get("form_token", ""))
    except BadLink:
        told = {"": say(words.REFUSALS["form-expired"])} | told
    if told:
        return _page(request, session, caller, code, of_year, Form(data, told), 422)
    targets.change(session, caller, code, of_year, values)
    return RedirectResponse(f"/reporting/targets?region={code}&year={of_year}&done=saved", 303)


def _which(caller: Caller, region: str | None, year: int | None) -> tuple[str, int]:
    code = caller.region_code if region is None else region
    return targets.find_region(caller, code), year or dashboard_views.this_month().year


def _read(data: dict[str, str]) -> tuple[dict[str, int | None], dict[str, str]]:
    """The figures, and what is no figure; `1.250` is 1250, as people write."""
    values: dict[str, int | None] = {}
    errors: dict[str, str] = {}
    for name in INDICATORS:
        typed = data.get(name, "").strip().replace(".", "").replace(" ", "")
        number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 20 else 0
        if typed and not 0 < number <= MOST:
            errors[name] = dashboard_words.REFUSALS["number"]
        values[name] = number or None
    return values, errors


def _page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    code: str,
    year: int,
    form: Form,
    status: int = 200,
) -> Response:
    this_year = dashboard_views.this_month().year
    return pages.render(
        request,
        "targets.html",
        status,
        form=form,
        token=forms.new_form(),
        code=code,
        name=tile_maps.short_name(code),
        year=year,
        years=range(max(YEARS[0], this_year - 3), this_year + 3),
        places=_places(caller, code),
        progress=targets.reached(session, code, year, only_verified=False),
        done=request.query_params.get("done", ""),
    )


def _places(caller: Caller, code: str) -> list[tuple[str, str]]:
    """Regions to choose from: what lies around this one, and what directly below it."""
    around: list[Any] = ["", code[:2], code]
    below = [region.code for region in regions.children(code or None)] if len(code) < 5 else []
    beside = [region.code for region in regions.children(code[:2])] if len(code) == 5 else []
    found = dict.fromkeys([*around, *below, *beside])
    return [(one, tile_maps.short_name(one)) for one in found if caller.may_see(one)]
