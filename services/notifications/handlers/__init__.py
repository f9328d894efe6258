"""Events in: who is to be told, and what. One module a noun, imported for what it registers."""

from services.notifications.handlers import accounts, registrations

__all__ = ["accounts", "registrations"]
