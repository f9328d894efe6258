"""Notifications' FastAPI application."""

from fastapi import Depends, FastAPI

from services.notifications import announcement_words, costs, handling, health, suppressions
from services.notifications.announcements import (
    AnnouncementNotFound,
    Changed,
    Nobody,
    NotNow,
    RuleOff,
)
from services.notifications.api import announcements as announcements_api
from services.notifications.api import bounces, receipts
from services.notifications.api import costs as costs_api
from services.notifications.api import messages as messages_api
from services.notifications.api import providers as providers_api
from services.notifications.api import rules as rules_api
from services.notifications.api import suppressions as suppressions_api
from services.notifications.api import templates as templates_api
from services.notifications.api import webhooks as webhooks_api
from services.notifications.archive import MessageNotFound
from services.notifications.contents import TemplateNotFound
from services.notifications.pages import announcements, messages, preferences, rules, webhooks
from services.notifications.pages import costs as costs_pages
from services.notifications.pages import handling as handling_pages
from services.notifications.pages import providers as providers_pages
from services.notifications.pages import suppressions as suppressions_pages
from services.notifications.pages import templates as templates_pages
from services.notifications.pages.common import pages
from services.notifications.providers.callbacks import Forged
from services.notifications.receipts import NothingToldThere
from services.notifications.resources import bus
from services.notifications.rule_settings import AlwaysOn, ChannelsUnfit, RuleNotFound
from services.notifications.rule_words import REFUSALS as RULE_REFUSALS
from services.notifications.settings import settings
from services.notifications.templates import DraftNotFound
from services.notifications.webhook_targets import TargetRefused
from services.notifications.webhook_words import REFUSALS as WEBHOOK_REFUSALS
from services.notifications.webhook_words import TARGETS
from services.notifications.webhooks import (
    EndpointNotFound,
    NotPossible,
    TooManyEndpoints,
    TypeUnknown,
)
from services.notifications.words import REFUSALS as MESSAGE_REFUSALS
from shared.front import front_door
from shared.http import assemble
from shared.problems import Problem, Refusals, status_problem
from shared.security import BadLink, identify

REFUSED: Refusals = {
    RuleNotFound: lambda _: status_problem(404),
    AlwaysOn: lambda _: Problem(409, "always-on", pages.bilingual(RULE_REFUSALS["always-on"])),
    ChannelsUnfit: lambda _: Problem(422, "channels", pages.bilingual(RULE_REFUSALS["channels"])),
    MessageNotFound: lambda _: status_problem(404),
    handling.NotPossible: lambda _: Problem(
        409, "not-possible", pages.bilingual(MESSAGE_REFUSALS["not-possible"])
    ),
    handling.CountChanged: lambda error: Problem(
        409, "count-changed", pages.bilingual(MESSAGE_REFUSALS["count-changed"]), found=error.found
    ),
    suppressions.SuppressionNotFound: lambda _: status_problem(404),
    suppressions.AlreadySuppressed: lambda _: Problem(
        409, "already-suppressed", pages.bilingual(MESSAGE_REFUSALS["already-suppressed"])
    ),
    health.ProviderNotFound: lambda _: status_problem(404),
    costs.MonthsUnfit: lambda _: Problem(
        422, "months", pages.bilingual(MESSAGE_REFUSALS["months"])
    ),
    NothingToldThere: lambda _: status_problem(404),
    Forged: lambda _: status_problem(403),
    AnnouncementNotFound: lambda _: status_problem(404),
    NotNow: lambda _: Problem(
        409, "not-now", pages.bilingual(announcement_words.REFUSALS["not-now"])
    ),
    Changed: lambda _: Problem(
        409, "changed", pages.bilingual(announcement_words.REFUSALS["changed"])
    ),
    RuleOff: lambda _: Problem(
        409, "rule-off", pages.bilingual(announcement_words.REFUSALS["rule-off"])
    ),
    Nobody: lambda _: Problem(
        409, "nobody", pages.bilingual(announcement_words.REFUSALS["nobody"])
    ),
    EndpointNotFound: lambda _: status_problem(404),
    TemplateNotFound: lambda _: status_problem(404),
    DraftNotFound: lambda _: status_problem(404),
    **templates_api.REFUSED,
    TargetRefused: lambda error: Problem(
        422, f"target-{error.code}", pages.bilingual(TARGETS[error.code])
    ),
    TypeUnknown: lambda _: Problem(422, "types", pages.bilingual(WEBHOOK_REFUSALS["types"])),
    TooManyEndpoints: lambda _: Problem(
        409, "too-many-webhooks", pages.bilingual(WEBHOOK_REFUSALS["too-many"])
    ),
    NotPossible: lambda _: Problem(
        409, "not-possible", pages.bilingual(WEBHOOK_REFUSALS["not-possible"])
    ),
    BadLink: lambda _: Problem(
        422, "form-expired", pages.bilingual(WEBHOOK_REFUSALS["form-expired"])
    ),
}

app = FastAPI(
    title="Sejawat notifications",
    version="1",
    docs_url=None,
    openapi_url="/api/openapi.json",
    redoc_url=None,
    dependencies=[Depends(identify(lambda: settings().token_public_key))],
)
for router in (
    messages_api,
    receipts,
    bounces,
    suppressions_api,
    providers_api,
    costs_api,
    messages,
    handling_pages,
    suppressions_pages,
    providers_pages,
    costs_pages,
    announcements_api,
    announcements,
    webhooks_api,
    webhooks,
    rules_api,
    rules,
    preferences,
    templates_api,
    templates_pages,
):
    app.include_router(router.router)
assemble(app, bus, pages, REFUSED)

standalone = front_door({"notifications": app})
