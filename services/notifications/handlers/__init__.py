"""Events in: who is to be told, and what. One module a noun, imported for what it registers."""

from services.notifications.handlers import (
    accounts,
    imports,
    libraries,
    people,
    privacy,
    registrations,
    reports,
    returned,
    webhooks,
)

__all__ = [
    "accounts",
    "imports",
    "libraries",
    "people",
    "privacy",
    "registrations",
    "reports",
    "returned",
    "webhooks",
]
