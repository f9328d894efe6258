"""Reports over JSON: order one, follow it, cancel it. Everybody sees the own ones only."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response
from sqlalchemy import Row
from uuid_utils.compat import uuid7

from services.reporting import downloads, jobs, reports
from services.reporting.pages.common import pages
from services.reporting.report_schemas import ReportOrder
from services.reporting.resources import Transaction, bus
from services.reporting.schemas import ReportDetail, ReportList
from services.reporting.words import FAILURES
from shared.security import Staff


def _not_kept(response: Response) -> None:
    """An answer may hold a signed link, which no cache may keep."""
    response.headers["Cache-Control"] = "private, no-store"


router = APIRouter(prefix="/api/v1/reports", tags=["reports"], dependencies=[Depends(_not_kept)])
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=128)]


@router.post("", status_code=202)
def order_report(
    wanted: ReportOrder,
    caller: Staff,
    session: Transaction,
    response: Response,
    idempotency_key: Key = None,
) -> ReportDetail:
    """Have a report made. The same key with the same order gives the same report again.

    A question that was answered within a day, from data that is still the same, is answered with
    that file at once. Refusals: `not-found` 404 for a meeting the caller cannot see, `validation`
    422, `key-reused` 409, `too-many-reports` 429 while twenty are not ended.
    """
    key = f"header:{idempotency_key or uuid7()}"
    report_id = reports.order(session, caller, wanted, key)
    bus.wake(session, jobs.make_reports)
    response.headers["Location"] = f"/reporting/api/v1/reports/{report_id}"
    return detail(reports.find(session, caller, report_id))


@router.get("")
def list_reports(caller: Staff, session: Transaction, after: UUID | None = None) -> ReportList:
    """The caller's own reports, newest first."""
    rows, following = reports.page(session, caller, after=after)
    return ReportList(items=[detail(row) for row in rows], next=following)


@router.get("/{report_id}")
def show_report(report_id: UUID, caller: Staff, session: Transaction) -> ReportDetail:
    """How far one report is, and the link to its file when it is there."""
    return detail(reports.find(session, caller, report_id))


@router.post("/{report_id}/cancel")
def cancel_report(report_id: UUID, caller: Staff, session: Transaction) -> ReportDetail:
    """Cancel a report; one that has ended stays as it is, as the answer tells."""
    reports.cancel(session, caller, report_id)
    return detail(reports.find(session, caller, report_id))


def detail(row: Row[Any]) -> ReportDetail:
    """A report as its owner sees it."""
    return ReportDetail(
        **dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
        | {
            "seconds_left": reports.seconds_left(row),
            "download": downloads.link(row),
            "error": pages.bilingual(FAILURES[row.error]) if row.error else None,
        }
    )
