"""What notifications is told by its environment."""

import re
from email.utils import parseaddr
from functools import cache
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from shared.settings import ServiceSettings


def _mail_server(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("smtp://[user:password@]host[:port][?starttls=1] or smtps://... is wanted")
    return url


def _sender(value: str) -> str:
    # A wrong one would make every mail fail for good.
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
        raise ValueError("Name <address@host> is wanted")
    return value


class Settings(ServiceSettings):
    """Notifications' own settings, on top of the shared ones."""

    database_url: str = Field(validation_alias="DATABASE_URL_NOTIFICATIONS")
    secret_key: str = Field(min_length=32, validation_alias="SECRET_KEY_NOTIFICATIONS")
    smtp_url: Annotated[str, AfterValidator(_mail_server)]
    # Answers to a mail arrive there.
    mail_from: Annotated[str, AfterValidator(_sender)] = "Sejawat <sejawat@localhost>"
    keep_content_days: int = Field(default=90, ge=1)

    @property
    def host(self) -> str:
        """The name under which people know us, for Message-IDs and the greeting to a server."""
        return urlsplit(self.base_url).hostname or "localhost"


@cache
def settings() -> Settings:
    """Read once, on first use."""
    return Settings()
