"""Registration's FastAPI application."""

from fastapi import Depends, FastAPI

from services.registration.api import meetings as meetings_api
from services.registration.api import regions as regions_api
from services.registration.meetings import MeetingNotFound
from services.registration.pages import meetings, registrations, session
from services.registration.pages.common import pages
from services.registration.registrations import Closed, KeyReused, QuotaFull, RegionOutside
from services.registration.resources import bus
from services.registration.settings import settings
from services.registration.words import REFUSALS
from shared.front import front_door
from shared.http import assemble
from shared.problems import Problem, status_problem
from shared.security import identify

REFUSED = {
    MeetingNotFound: lambda _: status_problem(404),
    QuotaFull: lambda error: Problem(
        409, "quota-full", pages.bilingual(REFUSALS["quota-full"]), full=error.kinds
    ),
    Closed: lambda _: Problem(409, "closed", pages.bilingual(REFUSALS["closed"])),
    KeyReused: lambda _: Problem(
        409,
        "key-reused",
        "Idempotency-Key ini sudah dipakai dengan isi lain. / "
        "This Idempotency-Key was used with another body.",
    ),
    RegionOutside: lambda _: Problem(
        422, "region-outside", pages.bilingual(REFUSALS["region-outside"])
    ),
}

app = FastAPI(
    title="Sejawat registration",
    version="1",
    docs_url=None,
    openapi_url="/api/openapi.json",
    redoc_url=None,
    dependencies=[Depends(identify(lambda: settings().token_public_key))],
)
for router in (meetings_api, regions_api, meetings, registrations, session):
    app.include_router(router.router)
assemble(app, bus, pages, REFUSED)

standalone = front_door({"registration": app})
