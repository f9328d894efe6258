"""How far an import is, over JSON; `progress.js` asks once a second."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registration import imports
from services.registration.desk_schemas import ImportProgress
from services.registration.models import ImportJob
from services.registration.resources import Transaction
from shared.security import Staff

router = APIRouter(prefix="/api/v1/imports", tags=["imports"])

_SHOWN = {"ready": "done", "done": "done", "failed": "failed", "cancelled": "cancelled"}


@router.get("/{job_id}")
def show_import(
    job_id: UUID, caller: Staff, session: Transaction, response: Response
) -> ImportProgress:
    """State and progress; `done` is also when the rows are read and wait for a decision."""
    response.headers["Cache-Control"] = "private, no-store"
    return progress(imports.find(session, caller, job_id))


def progress(job: ImportJob) -> ImportProgress:
    """A job as the progress bar shows it."""
    begun = job.done or job.lease_until
    return ImportProgress(
        status=_SHOWN.get(job.state, "running" if begun else "queued"),
        step=job.state,
        done=job.done,
        total=job.total,
    )
