"""Who has reported and who has not, over JSON and CSV, for officials."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from services.reporting import completeness, open_data
from services.reporting.completeness import Count
from services.reporting.pages.completeness import MONTHS, choose_month, choose_place
from services.reporting.resources import Transaction
from services.reporting.schemas import Month
from services.reporting.verify_schemas import CountItem, Counts, SilentItem, SilentItems
from shared import regions
from shared.security import Caller, Staff

router = APIRouter(prefix="/api/v1", tags=["completeness"])
Region = Annotated[str, Query(max_length=13, description="Empty: all of the caller's own")]
LastMonth = Annotated[Month, Query(description="The last month, as in 2026-02")]
COLUMNS = tuple(CountItem.model_fields)


@router.get(
    "/completeness.{extension}",
    response_model=Counts,
    responses={200: {"content": {"text/csv": {}}}},
)
def counts(  # noqa: PLR0913, PLR0917 - what a table is asked by
    extension: Literal["csv", "json"],
    caller: Staff,
    session: Transaction,
    region: Region = "",
    month: LastMonth = "",
    months: Annotated[int, Query(ge=1, le=36)] = MONTHS,
) -> Counts | Response:
    """Libraries by the level below a region, for so many months up to one."""
    told = _counts(session, caller, region, month, months)
    if extension == "json":
        return told
    lines = (tuple(row.model_dump().values()) for row in told.rows)
    body = "".join(open_data.csv_file(COLUMNS, lines, [f"wilayah {told.region}"], told.as_of))
    name = f"sejawat-kelengkapan-{told.region_code or 'indonesia'}.csv"
    headers = {
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/completeness/silent")
def silent(  # noqa: PLR0913, PLR0917 - what a list is asked by
    caller: Staff,
    session: Transaction,
    region: Region = "",
    month: LastMonth = "",
    q: Annotated[str, Query(max_length=100)] = "",
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = completeness.PAGE,
) -> SilentItems:
    """Libraries that have not reported a month."""
    place, chosen = choose_place(caller, region), choose_month(month)
    rows, following = completeness.silent(
        session, place.code if place else "", chosen, words=q, after=after, limit=limit
    )
    items = [SilentItem(id=row.id, name=row.name, region_code=row.region_code) for row in rows]
    return SilentItems(month=chosen, items=items, next=following)


def _counts(session: Session, caller: Caller, region: str, month: str, months: int) -> Counts:
    place = choose_place(caller, region)
    shown = completeness.months(choose_month(month), months)
    rows = completeness.by_region(session, place.code if place else "", shown[0], shown[-1])
    items = []
    for row in rows:
        count, found = Count(row.expected, row.came, row.in_time), regions.find(row.region)
        items.append(
            CountItem(
                region_code=row.region,
                region=found.name if found else row.region,
                month=row.month,
                expected=count.expected,
                came=count.came,
                in_time=count.in_time,
                late=count.late,
                missing=count.missing,
            )
        )
    return Counts(
        region_code=place.code if place else "",
        region=place.name if place else "Indonesia",
        deadline_days=completeness.DAYS,
        as_of=datetime.now(UTC),
        rows=items,
    )
