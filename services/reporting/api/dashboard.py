"""Dashboards for other programs: the same address as the page, with .csv or .json."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from services.reporting import (
    aggregates,
    dashboard_views,
    dashboard_words,
    dashboards,
    drafts,
    frozen_figures,
    open_data,
    tile_maps,
)
from services.reporting.dashboard_tables import PARTS, how
from services.reporting.dashboard_views import View
from services.reporting.dashboards import Board, TooManyMonths
from services.reporting.frozen_figures import Frozen
from services.reporting.pages.common import pages
from services.reporting.period_locks import Line
from services.reporting.resources import Transaction
from services.reporting.schemas import Month
from services.reporting.streams import STREAMS
from services.reporting.targets import INDICATORS
from shared.problems import Problem, Refusals
from shared.security import Anyone, Caller, Staff

router = APIRouter(tags=["dashboard"])
Extension = Literal["csv", "json"]
Part = Literal["regions", "trend", "categories", "figures", "libraries", "targets"]

_Region = Annotated[str | None, Query(max_length=13)]


def asked(  # noqa: PLR0913, PLR0917 - all that the address says
    region: _Region = None,
    first: Month = "",
    last: Month = "",
    stream: Annotated[str, Query(max_length=20)] = "",
    measure: Annotated[str, Query(max_length=20)] = "",
    verified: Annotated[str, Query(max_length=3)] = "",
) -> dict[str, Any]:
    """What the address says; the last twelve months where it says nothing."""
    ends = _month(last) or dashboard_views.this_month()
    usual = max(dashboard_views.moved(ends, 1 - dashboard_views.USUAL), drafts.FIRST_DAY)
    begins = _month(first) or usual
    known = stream if stream in STREAMS else ""
    first_shown, last_shown = dashboard_views.whole(known, min(begins, ends), max(begins, ends))
    return {
        "region_code": region,
        "first": first_shown,
        "last": last_shown,
        "stream": known,
        "measure": measure if measure in dashboard_views.measures(known) else "reports",
        "only_verified": verified == "yes",
    }


def official_view(caller: Staff, said: Annotated[dict[str, Any], Depends(asked)]) -> View:
    """An official's view: of the own region, until another is asked for."""
    own = caller.region_code if said["region_code"] is None else said["region_code"]
    return View(**said | {"region_code": own})


def public_view(said: Annotated[dict[str, Any], Depends(asked)]) -> View:
    """Everybody's: of what is verified."""
    return View(**said | {"region_code": said["region_code"] or ""}, public=True)


OfficialView = Annotated[View, Depends(official_view)]
PublicView = Annotated[View, Depends(public_view)]


@router.get("/dashboard.{extension}")
def download(
    extension: Extension,
    caller: Staff,
    view: OfficialView,
    session: Transaction,
    part: Part = "regions",
) -> Response:
    """What an official's dashboard shows: `part` of it as CSV, or all of it as JSON."""
    return _answer(session, caller, view, extension, part)


@router.get("/public.{extension}")
def download_public(
    extension: Extension,
    caller: Anyone,
    view: PublicView,
    session: Transaction,
    part: Part = "regions",
) -> Response:
    """The same for everybody: verified sums, down to a kab/kota."""
    return _answer(session, caller, view, extension, part)


def _answer(
    session: Session, caller: Caller, view: View, extension: Extension, part: Part
) -> Response:
    board = dashboards.board(session, caller, view)
    now = datetime.now(UTC)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    if extension == "json":
        told = _json(board, now) | {"counted": counted(session, view)}
        if not view.public:
            told["locked"] = _locked(session, view)
        return JSONResponse(told, headers=headers)
    table = PARTS[part](board)
    about = [
        f"wilayah {tile_maps.short_name(view.region_code)}",
        f"{view.first:%Y-%m} sampai {view.last:%Y-%m}",
        view.stream or "semua jenis",
        "terverifikasi" if board.view.only_verified else "semua laporan",
    ]
    name = "-".join(["sejawat", part, view.region_code or "indonesia", f"{view.last:%Y-%m}"])
    headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    body = "".join(open_data.csv_file(table.columns.values(), table.rows, about, now))
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def _json(board: Board, now: datetime) -> dict[str, Any]:
    view = board.view
    tables = {name: make(board) for name, make in PARTS.items()}
    return {
        "region_code": view.region_code,
        "region": tile_maps.short_name(view.region_code),
        "first": f"{view.first:%Y-%m}",
        "last": f"{view.last:%Y-%m}",
        "stream": view.stream or None,
        "measure": view.measure,
        "how": how(view.measure),
        "only_verified": view.only_verified,
        "as_of": now.isoformat(timespec="seconds"),
    } | {
        name: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        for name, table in tables.items()
    }


def counted(session: Session, view: View) -> dict[str, int]:
    """How many reports there are of what a view shows, and how many of them are verified."""
    every = replace(view.asked(), only_verified=False, measures=())
    sums = {
        row.verified: int(row.reports) for row in aggregates.breakdown(session, every, "verified")
    }
    return {"all": sum(sums.values()), "verified": sums.get(True, 0)}


def frozen_lines(view: View, frozen: Frozen | None) -> list[Line]:
    """Of what is locked, the figures that a view shows."""
    shown = {(view.stream, name) for name in dashboard_views.measures(view.stream)}
    if not view.stream:
        shown = {(one.stream, one.measure) for one in INDICATORS.values()}
    return [one for one in (frozen.lines if frozen else ()) if (one.stream, one.measure) in shown]


def _locked(session: Session, view: View) -> dict[str, Any] | None:
    """What the region froze of these months; its figures if it froze all of them."""
    frozen = frozen_figures.find(session, view.region_code, view.months)
    if frozen is None:
        return None
    return {
        "months": [f"{month:%Y-%m}" for month in frozen.months],
        "whole": frozen.is_whole,
        "locked_at": frozen.locked_at.isoformat(timespec="seconds"),
        "figures": [
            {
                "stream": line.stream,
                "measure": line.measure,
                "frozen": line.frozen,
                "now": line.current,
                "changed": line.difference,
            }
            for line in frozen_lines(view, frozen)
        ],
    }


def _month(text: str) -> date | None:
    return date.fromisoformat(f"{text}-01") if text else None


REFUSED: Refusals = {
    TooManyMonths: lambda _: Problem(
        422, "too-many-months", pages.bilingual(dashboard_words.TOO_MANY_MONTHS)
    ),
}
