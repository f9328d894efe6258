"""Notifications' tables, a module for each part."""

from services.notifications.models.announcements import Announcement
from services.notifications.models.base import Base
from services.notifications.models.messages import (
    NAME_WORDS,
    Attempt,
    ErasedSubject,
    Message,
    MessageAction,
    Receipt,
)
from services.notifications.models.people import (
    Attendance,
    Meeting,
    Official,
    Participant,
    Preference,
    ScheduleRun,
    SilentLibrary,
    Suppression,
)
from services.notifications.models.providers import ProviderState
from services.notifications.models.templates import RuleSetting, TemplateVersion
from services.notifications.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "NAME_WORDS",
    "Announcement",
    "Attempt",
    "Attendance",
    "Base",
    "ErasedSubject",
    "Meeting",
    "Message",
    "MessageAction",
    "Official",
    "Participant",
    "Preference",
    "ProviderState",
    "Receipt",
    "RuleSetting",
    "ScheduleRun",
    "SilentLibrary",
    "Suppression",
    "TemplateVersion",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
