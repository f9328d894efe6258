"""Dashboards: an official's own region and all below it, and what everybody may see."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.reporting import (
    dashboard_views,
    dashboard_words,
    dashboards,
    frozen_figures,
    kpi,
    tile_maps,
)
from services.reporting.api.dashboard import OfficialView, PublicView, counted, frozen_lines
from services.reporting.dashboard_views import View
from services.reporting.dashboards import Board
from services.reporting.frozen_figures import Frozen
from services.reporting.pages.common import pages
from services.reporting.pages.dashboard_figures import Painter
from services.reporting.resources import Transaction
from services.reporting.streams import STREAMS
from services.reporting.targets import INDICATORS
from shared.security import HOSTS, Anyone, Caller, Staff
from shared.web import Form
from shared.web.languages import choose_language

router = APIRouter(include_in_schema=False)

OFFICIAL, PUBLIC = "/reporting/dashboard", "/reporting/public"


@router.get("/dashboard")
def show(
    request: Request,
    caller: Staff,
    view: OfficialView,
    session: Transaction,
    library: Annotated[UUID | None, Query()] = None,
) -> Response:
    """An official's dashboard; with `library`, also how that one's score comes about."""
    board = dashboards.board(session, caller, view)
    one = dashboards.one_library(session, caller, view, library) if library else None
    frozen = frozen_figures.find(session, view.region_code, view.months)
    return _page(request, caller, board, counted(session, view), library=one, frozen=frozen)


@router.get("/public")
def show_public(
    request: Request, caller: Anyone, view: PublicView, session: Transaction
) -> Response:
    """What is verified, for everybody, down to a kab/kota."""
    board = dashboards.board(session, caller, view)
    return _page(request, caller, board, counted(session, view))


def _page(  # noqa: PLR0913 - all that the page shows
    request: Request,
    caller: Caller,
    board: Board,
    counts: dict[str, int],
    *,
    library: tuple[str, kpi.Score | None] | None = None,
    frozen: Frozen | None = None,
) -> Response:
    view, say, lang = board.view, pages.gettext(request), choose_language(request)
    page = PUBLIC if view.public else OFFICIAL
    painter = Painter(board, say, lang, page)
    return pages.render(
        request,
        "dashboard.html",
        board=board,
        view=view,
        page=page,
        painter=painter,
        months=dashboard_words.months(view.first, view.last, lang),
        before=dashboard_words.months(view.before.first, view.before.last, lang),
        path=_path(caller, view, page),
        periods=_periods(view, say, page),
        form=_form(view),
        streams=[(name, say(stream.label)) for name, stream in STREAMS.items()],
        shown=[
            (name, dashboard_words.measure_label(view.stream, name))
            for name in dashboard_views.measures(view.stream)
        ],
        library=library,
        frozen=frozen,
        counted=counts,
        frozen_lines=[
            (line, dashboard_words.measure_label(line.stream, line.measure))
            for line in frozen_lines(view, frozen)
        ],
        every=STREAMS,
        indicators=INDICATORS,
        short_name=tile_maps.short_name,
        colour=kpi.colour,
        words=dashboard_words,
        may_aim=caller.role in HOSTS and not view.public,
        as_of=datetime.now(UTC),
    )


def _path(caller: Caller, view: View, page: str) -> list[tuple[str, str]]:
    """From the largest region that the reader may see down to this one."""
    parts = view.region_code.split(".") if view.region_code else []
    codes = ["", *(".".join(parts[: count + 1]) for count in range(len(parts)))]
    seen = [code for code in codes if view.public or caller.may_see(code)]
    return [(f"{page}?{view.query(region=code)}", tile_maps.short_name(code)) for code in seen]


def _form(view: View) -> Form:
    return Form(
        {
            "first": f"{view.first:%Y-%m}",
            "last": f"{view.last:%Y-%m}",
            "stream": view.stream,
            "verified": "yes" if view.only_verified else "",
        }
    )


def _periods(view: View, say: Callable[[str], str], page: str) -> list[tuple[str, str, bool]]:
    """Periods to choose from: the address of each, its name, whether it is shown."""
    now = dashboard_views.this_month()
    quarter = now.replace(month=(now.month - 1) // 3 * 3 + 1)
    last_quarter, last_month = dashboard_views.moved(quarter, -3), dashboard_views.moved(now, -1)
    names = dashboard_words.PERIODS
    spans: list[tuple[str, date, date]] = [
        (say(names["year"]), dashboard_views.moved(now, 1 - dashboard_views.USUAL), now),
        (f"{now.year}", now.replace(month=1), now),
        (f"{now.year - 1}", date(now.year - 1, 1, 1), date(now.year - 1, 12, 1)),
        (say(names["quarter"]), quarter, dashboard_views.moved(quarter, 2)),
        (say(names["last_quarter"]), last_quarter, dashboard_views.moved(last_quarter, 2)),
        (say(names["last_month"]), last_month, last_month),
    ]
    shown = [(label, *dashboard_views.whole(view.stream, *months)) for label, *months in spans]
    return [
        (
            f"{page}?{view.query(first=f'{first:%Y-%m}', last=f'{last:%Y-%m}')}",
            label,
            (first, last) == (view.first, view.last),
        )
        for label, first, last in shown
    ]
