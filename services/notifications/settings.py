"""What notifications is told by its environment."""

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


class Settings(ServiceSettings):
    """Notifications' own settings, on top of the shared ones."""

    database_url: str = Field(validation_alias="DATABASE_URL_NOTIFICATIONS")
    secret_key: str = Field(min_length=32, validation_alias="SECRET_KEY_NOTIFICATIONS")
    smtp_url: Annotated[str, AfterValidator(_mail_server)]
    mail_from: str = "Sejawat <sejawat@localhost>"  # answers to a mail arrive there
    keep_content_days: int = Field(default=90, ge=1)

    @property
    def host(self) -> str:
        """The name under which people know us, for Message-IDs and the greeting to a server."""
        return urlsplit(self.base_url).hostname or "localhost"


@cache
def settings() -> Settings:
    """Read once, on first use."""
    return Settings()
