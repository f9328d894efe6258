"""The directory of people: the list, and one person with what they learned."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.registration import people
from services.registration.pages.common import pages
from services.registration.pages.libraries import where
from services.registration.resources import Transaction
from services.registration.words import STATUSES
from shared.security import HOSTS, Staff, staff

LIST = "/registration/people"

router = APIRouter(prefix="/people", dependencies=[Depends(staff)], include_in_schema=False)


@router.get("")
def list_people(
    request: Request,
    caller: Staff,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    after: UUID | None = None,
) -> Response:
    """People in the caller's region."""
    rows, following = people.page(session, caller, q, after)
    kept = {"q": q} if q else {}
    return pages.render(
        request,
        "people.html",
        people=rows,
        where=where,
        q=q,
        next_url="?" + urlencode(kept | {"after": following}) if following else "",
        first_url="?" + urlencode(kept) if after else "",
    )


@router.get("/{person_id}")
def show(request: Request, person_id: UUID, caller: Staff, session: Transaction) -> Response:
    """One person; one that was merged leads to the one that stayed."""
    person = people.find(session, caller, person_id)
    if person.merged_into:
        return RedirectResponse(f"{LIST}/{person.merged_into}", 303)
    trainings = people.trainings(session, person_id)
    return pages.render(
        request,
        "person.html",
        one=person,
        library=people.library(session, caller, person),
        trainings=trainings,
        years=people.years(trainings, datetime.now(UTC).date()),
        registrations=people.registrations(session, caller, person_id),
        statuses=STATUSES,
        where=where,
        is_host=caller.role in HOSTS,
    )
