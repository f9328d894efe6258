"""Reporting's FastAPI application."""

from fastapi import Depends, FastAPI

from services.reporting import words
from services.reporting.api import activities as activities_api
from services.reporting.api import completeness as completeness_api
from services.reporting.api import dashboard as dashboard_api
from services.reporting.api import imports as imports_api
from services.reporting.api import matches as matches_api
from services.reporting.api import meetings as meetings_api
from services.reporting.api import moves as moves_api
from services.reporting.api import open_data as open_data_api
from services.reporting.api import own as own_api
from services.reporting.api import reports as reports_api
from services.reporting.meetings import MeetingNotFound
from services.reporting.pages import (
    completeness,
    dashboard,
    files,
    import_places,
    imports,
    locks,
    meetings,
    moves,
    open_data,
    own,
    own_forms,
    own_links,
    reports,
    rules,
    schedules,
    stories,
    targets,
    verify,
    verify_one,
)
from services.reporting.pages.common import pages
from services.reporting.pages.own_common import OwnLinkOver, link_over
from services.reporting.period_locks import LockNotFound
from services.reporting.published_stories import StoryNotFound
from services.reporting.report_schedules import ScheduleNotFound
from services.reporting.reports import KeyReused, ReportNotFound, TooManyReports
from services.reporting.resources import bus
from services.reporting.settings import settings
from services.reporting.targets import RegionNotFound
from shared.front import front_door
from shared.http import assemble
from shared.problems import Problem, Refusals, status_problem
from shared.security import identify

REFUSED: Refusals = {
    MeetingNotFound: lambda _: status_problem(404),
    ReportNotFound: lambda _: status_problem(404),
    RegionNotFound: lambda _: status_problem(404),
    ScheduleNotFound: lambda _: status_problem(404),
    LockNotFound: lambda _: status_problem(404),
    StoryNotFound: lambda _: status_problem(404),
    KeyReused: lambda _: Problem(
        409,
        "key-reused",
        "Idempotency-Key ini sudah dipakai dengan isi lain. / "
        "This Idempotency-Key was used with another body.",
    ),
    TooManyReports: lambda _: Problem(
        429, "too-many-reports", pages.bilingual(words.REFUSALS["too-many-reports"])
    ),
    **own_api.REFUSED,
    **activities_api.REFUSED,
    **dashboard_api.REFUSED,
    **imports_api.REFUSED,
    **moves_api.REFUSED,
}

app = FastAPI(
    title="Sejawat reporting",
    version="1",
    docs_url=None,
    openapi_url="/api/openapi.json",
    redoc_url=None,
    dependencies=[Depends(identify(lambda: settings().token_public_key))],
)
for router in (
    activities_api,
    completeness_api,
    dashboard_api,
    open_data_api,
    imports_api,
    matches_api,
    meetings_api,
    moves_api,
    own_api,
    reports_api,
    meetings,
    reports,
    schedules,
    files,
    dashboard,
    open_data,
    stories,
    rules,
    targets,
    verify,
    verify_one,
    locks,
    import_places,  # what is remembered stands before one import
    imports,
    moves,
    completeness,
    own_links,  # its pages stand before those of a library's own
    own,
    own_forms,
):
    app.include_router(router.router)
app.add_exception_handler(OwnLinkOver, link_over)
assemble(app, bus, pages, REFUSED)

standalone = front_door({"reporting": app})
