"""The desk over JSON: who asked to come to a meeting, and the host's decisions."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Row

from services.registration import desk
from services.registration.desk import Filters
from services.registration.desk_schemas import Decided, Decision, DeskList, DeskRegistration
from services.registration.resources import Transaction
from shared import regions
from shared.security import Host, Staff

router = APIRouter(prefix="/api/v1/meetings/{slug}", tags=["desk"])
Status = Literal[
    "submitted", "needs_correction", "approved", "waiting", "offered", "rejected", "cancelled"
]


@router.get("/registrations")
def list_registrations(  # noqa: PLR0913, PLR0917 - a filter each
    slug: str,
    caller: Staff,
    session: Transaction,
    status: Status | None = None,
    participant_type: Annotated[str, Query(max_length=40)] = "",
    region: Annotated[str, Query(max_length=13)] = "",
    q: Annotated[str, Query(max_length=100)] = "",
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = desk.PAGE,
) -> DeskList:
    """Registrations of the caller's region.

    `q` is part of a name, code, library, e-mail or phone number.
    """
    meeting = desk.find_meeting(session, caller, slug)
    filters = Filters(status or "", participant_type, region, q)
    rows, following = desk.page(session, caller, meeting, filters, after=after, limit=limit)
    return DeskList(
        items=[_shown(row) for row in rows],
        counts=desk.status_counts(session, caller, meeting),
        next=following,
    )


@router.post("/decisions")
def decide(slug: str, wanted: Decision, caller: Host, session: Transaction) -> Decided:
    """Decide on many at once; ids of other regions or meetings are passed over in silence.

    Refusals: `reason-missing` 422, `not-possible` 409 when the meeting is over.
    """
    meeting = desk.find_meeting(session, caller, slug)
    outcome = desk.decide(session, caller, meeting, wanted.action, wanted.ids, wanted.reason)
    return Decided(done=outcome.done, skipped=outcome.skipped)


def _shown(row: Row[Any]) -> DeskRegistration:
    values = {
        name: getattr(row, name) for name in DeskRegistration.model_fields.keys() - {"region"}
    }
    return DeskRegistration(**values, region=regions.get(row.region_code).label)
