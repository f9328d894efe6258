"""Files of finished reports: signed links to them, and what becomes of files that nobody needs.

A signed link serves for an hour for whoever holds it, so that a phone, a program or a download
manager can fetch the file without the cookie of the person who ordered it. It is no weaker than the
rest: a sign-in lives for eight hours and nobody is asked again meanwhile. A mail must never carry
such a link but the address of the report's page, which asks for the sign-in and makes a new one.
When somebody is signed in, the file must lie in that person's region as well: that stops a
mistake, such as a link pasted into the wrong chat, not a thief.
"""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from services.reporting import reports
from services.reporting.models import ReportJob
from services.reporting.resources import file_links
from services.reporting.settings import settings
from shared.security import BadLink, Caller

LINK_S = 3600
ORPHAN_S = 3600  # younger, a file may still be somebody's: no report takes that long to write

_JOB = ReportJob.__table__.c


@dataclass(frozen=True, slots=True)
class Download:
    """A finished file, and the name under which a reader keeps it."""

    path: Path
    name: str
    format: str


def link(row: Row[Any]) -> str | None:
    """A signed absolute address of a report's file; none before it is there."""
    if row.status != "done":
        return None
    value = json.dumps([str(row.id), row.requested_by, row.region_code])
    return f"{settings().base_url}/reporting/files/{file_links.sign(value, seconds=LINK_S)}"


def follow(session: Session, token: str, caller: Caller) -> Download:
    """The file of a signed link; the scope of its report is checked again.

    Raises `BadLink` when the link is forged or over or its file was deleted since, and
    `ReportNotFound` or one of `report_kinds.OUT_OF_SCOPE` when the report, or who follows the
    link, is out of scope.
    """
    report_id, subject, region_code = json.loads(file_links.read(token))
    query = select(ReportJob.__table__).where(
        _JOB.id == UUID(report_id),
        _JOB.requested_by == subject,
        _JOB.region_code == region_code,
        _JOB.status == "done",
    )
    row = session.execute(query).first()
    if row is None:
        raise BadLink
    if not caller.is_anonymous and not caller.may_see(region_code):
        raise reports.ReportNotFound(report_id)
    wanted, scope = reports.order_of(row), reports.scope_of(row)
    content = reports.open_content(session.connection(), wanted, scope)
    path = settings().reports / row.file
    if not path.exists():
        raise BadLink
    return Download(path, content.file_name(row.format), row.format)


def purge(session: Session) -> int:
    """Delete the files that no report refers to, also what dead workers left; returns how many."""
    before = time.time() - ORPHAN_S
    old = {p.name for p in settings().reports.glob("*") if p.stat().st_mtime < before}
    kept = session.execute(select(_JOB.file).where(_JOB.file.in_(old))).scalars()
    orphans = old.difference(kept)
    for name in orphans:
        path = settings().reports / name
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)  # pieces of what never got finished
        else:
            path.unlink(missing_ok=True)
    return len(orphans)
