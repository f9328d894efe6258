"""Who has reported, by region and month, and the libraries that have not."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row
from sqlalchemy.orm import Session

from services.reporting import completeness, verify_words
from services.reporting.completeness import Count
from services.reporting.pages.common import pages
from services.reporting.pages.verify_common import short_place
from services.reporting.resources import Transaction
from services.reporting.schemas import Month
from services.reporting.targets import RegionNotFound
from services.reporting.verification import read_month
from shared import regions
from shared.regions import Region
from shared.security import Caller, Staff

router = APIRouter(prefix="/completeness", include_in_schema=False)

MONTHS = 6  # that the trend shows
CHOICE = 24  # months to choose from
REGENCY = 5  # signs of its code: below it libraries are listed, not regions


@router.get("")
def show(  # noqa: PLR0913, PLR0917 - what a view is asked by
    request: Request,
    caller: Staff,
    session: Transaction,
    region: Annotated[str, Query(max_length=13)] = "",
    month: Month = "",
    q: Annotated[str, Query(max_length=100)] = "",
    after: UUID | None = None,
    library: UUID | None = None,
) -> Response:
    """A region's trend, the regions or libraries in it, and the silent ones of a month."""
    place, chosen = choose_place(caller, region), choose_month(month)
    code = place.code if place else ""
    shown = completeness.months(chosen, MONTHS)
    rows = completeness.by_region(session, code, shown[0], shown[-1])
    silent, following = completeness.silent(session, code, chosen, words=q, after=after)
    here = {"region": code, "month": f"{chosen:%Y-%m}"}

    def url(**more: str) -> str:
        return "?" + urlencode({name: value for name, value in (here | more).items() if value})

    return pages.render(
        request,
        "completeness.html",
        place=place,
        crumbs=_crumbs(caller, place),
        month=chosen,
        months=completeness.months(completeness.today(), CHOICE)[::-1],
        deadline=completeness.deadline(chosen),
        is_over=completeness.deadline(chosen) < completeness.today(),
        trend=[(one, completeness.total(row for row in rows if row.month == one)) for one in shown],
        below=[] if len(code) >= REGENCY else _below(rows, chosen, place),
        libraries=_libraries(session, code, shown, q, library),
        shown=shown,
        silent=silent,
        url=url,
        here=here,
        short_place=short_place,
        verify_words=verify_words,
        q=q,
        next_url=url(q=q, after=str(following)) if following else "",
        first_url=url(q=q) if after or library else "",
    )


def choose_place(caller: Caller, code: str) -> Region | None:
    """The region that was asked for, or the caller's own; none is the country.

    Raises `RegionNotFound` for one that is not the caller's.
    """
    found = regions.find(code or caller.region_code)
    if code and (found is None or not caller.may_see(code)):
        raise RegionNotFound(code)
    return found


def choose_month(typed: str) -> date:
    """The month that was asked for, at most this one; without it the last one that is over."""
    this = completeness.today().replace(day=1)
    found = read_month(typed) or (this - timedelta(days=1)).replace(day=1)
    return min(found, this)


def _libraries(
    session: Session, code: str, shown: list[date], words: str, after: UUID | None
) -> Any:
    """The libraries of a kab/kota with their months; of a larger region none."""
    if len(code) < REGENCY:
        return None
    rows, following = completeness.libraries(session, code, shown, words=words, after=after)
    return {"rows": rows, "after": following}


def _below(
    rows: Sequence[Row[Any]], month: date, place: Region | None
) -> list[tuple[str, str, Count]]:
    """(code, name, count) of each region below in a month, and of the region's own libraries."""
    code = place.code if place else ""
    counts = {row.region: completeness.total([row]) for row in rows if row.month == month}
    found = [
        (one.code, one.name, counts.pop(one.code, Count()))
        for one in regions.children(code or None)
    ]
    # Its own library, or a region that was split since.
    for other, count in counts.items():
        region = regions.find(other)
        linked = other if region and other != code else ""
        found.append((linked, region.name if region else other, count))
    return found


def _crumbs(caller: Caller, place: Region | None) -> list[tuple[str, str]]:
    """The way down to a region, from where the caller's own begins."""
    path = place.path if place else ()
    return [(one.code, one.name) for one in path if caller.may_see(one.code)]
