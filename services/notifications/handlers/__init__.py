"""Events in: who is to be told, and what. One module a noun, imported for what it registers."""

from services.notifications.handlers import (
    accounts,
    libraries,
    people,
    registrations,
    reports,
    webhooks,
)

__all__ = ["accounts", "libraries", "people", "registrations", "reports", "webhooks"]
