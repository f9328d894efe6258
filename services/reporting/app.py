"""Reporting's FastAPI application."""

from fastapi import Depends, FastAPI

from services.reporting.api import meetings as meetings_api
from services.reporting.api import reports as reports_api
from services.reporting.meetings import MeetingNotFound
from services.reporting.pages import files, meetings, reports
from services.reporting.pages.common import pages
from services.reporting.reports import KeyReused, ReportNotFound
from services.reporting.resources import bus
from services.reporting.settings import settings
from shared.front import front_door
from shared.http import assemble
from shared.problems import Problem, status_problem
from shared.security import identify

REFUSED = {
    MeetingNotFound: lambda _: status_problem(404),
    ReportNotFound: lambda _: status_problem(404),
    KeyReused: lambda _: Problem(
        409,
        "key-reused",
        "Idempotency-Key ini sudah dipakai dengan isi lain. / "
        "This Idempotency-Key was used with another body.",
    ),
}

app = FastAPI(
    title="Sejawat reporting",
    version="1",
    docs_url=None,
    openapi_url="/api/openapi.json",
    redoc_url=None,
    dependencies=[Depends(identify(lambda: settings().token_public_key))],
)
for router in (meetings_api, reports_api, meetings, reports, files):
    app.include_router(router.router)
assemble(app, bus, pages, REFUSED)

standalone = front_door({"reporting": app})
