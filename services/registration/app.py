"""Registration's FastAPI application."""

from collections.abc import Callable

from fastapi import Depends, FastAPI

from services.registration.accounts import AccountNotFound
from services.registration.administration import MayNotGrant
from services.registration.agenda import SessionNotFound
from services.registration.api import certificates as certificates_api
from services.registration.api import checkins as checkins_api
from services.registration.api import desk as desk_api
from services.registration.api import imports as imports_api
from services.registration.api import libraries as libraries_api
from services.registration.api import meetings as meetings_api
from services.registration.api import regions as regions_api
from services.registration.api import tokens as tokens_api
from services.registration.api.meetings import WrongAnswers
from services.registration.api_tokens import ApiTokenNotFound
from services.registration.booths import BoothNotFound
from services.registration.certificates import CertificateNotFound, NotOver
from services.registration.checkins import CheckInNotFound, DoorClosed
from services.registration.data_requests import DataRequestNotFound
from services.registration.desk import ReasonMissing
from services.registration.desk_words import REFUSALS as DESK_REFUSALS
from services.registration.imports import ImportNotFound
from services.registration.issuing import RunNotFound
from services.registration.libraries import LibraryNotFound
from services.registration.meetings import MeetingNotFound
from services.registration.merging import AlreadyMerged
from services.registration.pages import (
    account,
    accounts,
    agenda,
    audit,
    boards,
    certificates,
    checkins,
    correct,
    coverage,
    data,
    delegations,
    desk,
    desk_all,
    imports,
    libraries,
    links,
    meeting_edit,
    meeting_quotas,
    meetings,
    merging,
    needs,
    own,
    papers,
    passwords,
    peers,
    people,
    privacy,
    questions,
    register,
    rounds,
    session,
)
from services.registration.pages.common import pages
from services.registration.pages.own import LinkOver, link_over
from services.registration.participant_types import RegionLevel
from services.registration.people import PersonNotFound
from services.registration.question_editing import QuestionNotFound
from services.registration.quotas import QuotaBelowTaken
from services.registration.registrations import (
    AlreadyRegistered,
    Closed,
    KeyReused,
    QuotaFull,
    RegionOutside,
    RegistrationNotFound,
)
from services.registration.resources import bus
from services.registration.rounds import RoundNotFound
from services.registration.seats import NotPossible
from services.registration.settings import settings
from services.registration.uploads import UploadNotFound
from services.registration.words import REFUSALS
from shared.front import front_door
from shared.http import assemble
from shared.problems import Problem, Refusals, status_problem
from shared.security import BadLink, identify


def _refusal(status: int, code: str) -> Callable[[Exception], Problem]:
    return lambda _: Problem(status, code, pages.bilingual(REFUSALS[code]))


REFUSED: Refusals = {
    MeetingNotFound: lambda _: status_problem(404),
    RegistrationNotFound: lambda _: status_problem(404),
    BoothNotFound: lambda _: status_problem(404),
    CheckInNotFound: lambda _: status_problem(404),
    DoorClosed: _refusal(403, "door-closed"),
    CertificateNotFound: lambda _: status_problem(404),
    RunNotFound: lambda _: status_problem(404),
    SessionNotFound: lambda _: status_problem(404),
    QuestionNotFound: lambda _: status_problem(404),
    RoundNotFound: lambda _: status_problem(404),
    ImportNotFound: lambda _: status_problem(404),
    LibraryNotFound: lambda _: status_problem(404),
    PersonNotFound: lambda _: status_problem(404),
    DataRequestNotFound: lambda _: status_problem(404),
    AlreadyMerged: _refusal(409, "not-possible"),
    ReasonMissing: lambda _: Problem(
        422, "reason-missing", pages.bilingual(DESK_REFUSALS["reason"])
    ),
    QuotaFull: lambda error: Problem(
        409,
        "quota-full",
        pages.bilingual(REFUSALS["quota-full"]),
        full=error.kinds,
        may_wait=error.may_wait,
    ),
    Closed: _refusal(409, "closed"),
    AlreadyRegistered: _refusal(409, "already-registered"),
    NotPossible: _refusal(409, "not-possible"),
    NotOver: _refusal(409, "not-over"),
    QuotaBelowTaken: _refusal(409, "quota-below-taken"),
    KeyReused: _refusal(409, "key-reused"),
    RegionOutside: _refusal(422, "region-outside"),
    RegionLevel: _refusal(422, "region-level"),
    WrongAnswers: lambda error: Problem(
        422, "answers", pages.bilingual(REFUSALS["answers"]), errors=error.errors
    ),
    UploadNotFound: lambda _: status_problem(404),
    AccountNotFound: lambda _: status_problem(404),
    ApiTokenNotFound: lambda _: status_problem(404),
    MayNotGrant: lambda _: status_problem(403),
    BadLink: _refusal(422, "form-expired"),
}

app = FastAPI(
    title="Sejawat registration",
    version="1",
    docs_url=None,
    openapi_url="/api/openapi.json",
    redoc_url=None,
    dependencies=[Depends(identify(lambda: settings().token_public_key))],
)
for router in (
    checkins_api,  # a busy door is found first
    libraries_api,
    merging,  # its pages stand before those of one library or person
    libraries,
    people,
    coverage,
    data,
    privacy,
    certificates_api,
    certificates,
    checkins,
    desk_api,
    imports_api,
    desk,
    desk_all,
    boards,
    needs,
    delegations,
    imports,
    meetings_api,
    regions_api,
    rounds,
    meeting_edit,  # a new meeting's page stands before that of one
    meeting_quotas,
    agenda,
    questions,
    papers,
    meetings,
    register,
    own,
    peers,
    correct,
    links,
    tokens_api,
    accounts,
    account,
    audit,
):
    app.include_router(router.router, dependencies=[Depends(session.still_open)])
for router in (session, passwords):  # they serve those whose session has ended
    app.include_router(router.router)
app.add_exception_handler(LinkOver, link_over)
assemble(app, bus, pages, REFUSED)

standalone = front_door({"registration": app})
