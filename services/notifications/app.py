"""Notifications' FastAPI application."""

from fastapi import Depends, FastAPI

from services.notifications.api import messages as messages_api
from services.notifications.archive import MessageNotFound
from services.notifications.pages import messages
from services.notifications.pages.common import pages
from services.notifications.resources import bus
from services.notifications.settings import settings
from shared.front import front_door
from shared.http import assemble
from shared.problems import Refusals, status_problem
from shared.security import identify

REFUSED: Refusals = {MessageNotFound: lambda _: status_problem(404)}

app = FastAPI(
    title="Sejawat notifications",
    version="1",
    docs_url=None,
    openapi_url="/api/openapi.json",
    redoc_url=None,
    dependencies=[Depends(identify(lambda: settings().token_public_key))],
)
for router in (messages_api, messages):
    app.include_router(router.router)
assemble(app, bus, pages, REFUSED)

standalone = front_door({"notifications": app})
