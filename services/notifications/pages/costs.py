"""What messages cost: a chart, tables and a file for a spreadsheet."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from babel.dates import format_date
from fastapi import APIRouter, Query, Request, Response

from services.notifications import archive, costs, words
from services.notifications.console_schemas import Months
from services.notifications.pages.common import pages
from services.notifications.resources import Transaction
from shared import regions
from shared.security import Staff
from shared.web import PAGE_HEADERS, Form
from shared.web.languages import choose_language

router = APIRouter(include_in_schema=False)

# Channels are told apart by their place and by words as well; these have enough contrast.
_COLOURS = {"email": "var(--primary)", "whatsapp": "var(--green)", "sms": "var(--amber)"}


@router.get("/costs")
def show(
    request: Request, caller: Staff, session: Transaction, months: Annotated[Months, Query()]
) -> Response:
    """Months from and to; by default the last twelve."""
    today = datetime.now(archive.CLOCK).date()
    say, language = pages.gettext(request), choose_language(request)
    errors: dict[str, str] = {}
    try:
        span = costs.span(months.first, months.last, today)
    except costs.MonthsUnfit:
        span = costs.span("", "", today)
        errors = {"from": say(words.REFUSALS["months"])}
    found = costs.rows(session, caller, span)
    asked = {"from": months.first or span.months[0], "to": months.last or span.months[-1]}
    return pages.render(
        request,
        "costs.html",
        422 if errors else 200,
        form=Form(asked, errors),
        bars=_bars(span.months, found, say, language),
        colours=[(say(words.CHANNELS[name]), colour) for name, colour in _COLOURS.items()],
        tables=_tables(found, say, language),
        total=sum((row.rupiah for row in found), Decimal(0)),
        messages=sum(row.messages for row in found),
        parts=sum(row.parts for row in found),
        csv_url=f"/notifications/costs.csv?from={span.months[0]}&to={span.months[-1]}",
    )


@router.get("/costs.csv")
def download(caller: Staff, session: Transaction, months: Annotated[Months, Query()]) -> Response:
    """The same, whole, for a spreadsheet."""
    span = costs.span(months.first, months.last, datetime.now(archive.CLOCK).date())
    name = f"biaya-{span.months[0]}-{span.months[-1]}.csv"
    headers = PAGE_HEADERS | {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    content = costs.write_csv(costs.rows(session, caller, span))
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _bars(months: list[str], found: Any, say: Any, language: str) -> list[dict[str, Any]]:
    """A bar for each month, in pieces by channel; widths in per cent of the dearest month."""
    sums: dict[tuple[str, str], Decimal] = {}
    for row in found:
        key = (row.month, row.channel)
        sums[key] = sums.get(key, Decimal(0)) + row.rupiah
    all_of = {
        month: sum((sums.get((month, channel), Decimal(0)) for channel in _COLOURS), Decimal(0))
        for month in months
    }
    most = max(all_of.values(), default=Decimal(0)) or Decimal(1)
    bars = []
    for month in months:
        pieces, begins = [], Decimal(0)
        for channel, colour in _COLOURS.items():
            rupiah = sums.get((month, channel), Decimal(0))
            width = rupiah * 100 / most
            if rupiah:
                piece = {"begins": begins, "width": width, "colour": colour, "value": rupiah}
                pieces.append(piece | {"label": say(words.CHANNELS[channel])})
            begins += width
        bars.append({"label": _month(month, language), "value": all_of[month], "pieces": pieces})
    return bars


def _month(month: str, language: str) -> str:
    return format_date(date.fromisoformat(f"{month}-01"), "MMMM y", locale=language)


def _tables(found: Any, say: Any, language: str) -> dict[str, list[tuple[Any, costs.Total]]]:
    """Totals by each column, each with what a reader calls it."""

    def named(by: str, name: str) -> Any:
        match by:
            case "month":
                return _month(name, language)
            case "channel":
                return say(words.CHANNELS[name])
            case "rule":
                return say(words.RULES[name]) if name in words.RULES else name
            case "region_code":
                region = regions.find(name)
                return region.label if region else "Indonesia"
            case _:
                return name

    return {
        by: [(named(by, total.name), total) for total in costs.totals(found, by)]
        for by in ("month", "channel", "provider", "region_code", "rule")
    }
