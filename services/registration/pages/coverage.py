"""Coverage: which kab/kota take part, those without anybody first."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.registration import coverage
from services.registration.coverage import Chosen
from services.registration.pages.common import pages
from services.registration.resources import Transaction
from shared.security import Staff, staff

router = APIRouter(dependencies=[Depends(staff)], include_in_schema=False)


@router.get("/coverage")
def show(
    request: Request,
    caller: Staff,
    session: Transaction,
    of: Annotated[str, Query(max_length=120)] = "",
    province: Annotated[str, Query(max_length=2)] = "",
) -> Response:
    """By meeting, round or year; a whole country first by province."""
    meetings, rounds, years = coverage.choices(session, caller)
    chosen = _chosen(of) or coverage.usual(session, caller)
    provinces = coverage.of(session, caller, chosen)
    shown = [one for one in provinces if one.code == province] or provinces
    return pages.render(
        request,
        "coverage.html",
        meetings=meetings,
        rounds=rounds,
        years=years,
        of=of if _chosen(of) else f"meeting:{chosen.meeting}",
        provinces=provinces,
        one=shown[0] if len(shown) == 1 else None,
    )


def _chosen(of: str) -> Chosen | None:
    kind, _, value = of.partition(":")
    match kind:
        case "meeting":
            return Chosen(meeting=value)
        case "round":
            return Chosen(round=value)
        case "year" if value.isascii() and value.isdecimal() and len(value) == 4:
            return Chosen(year=int(value))
    return None
