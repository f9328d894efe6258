"""What notifications is told by its environment."""

from functools import cache
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from services.notifications.provider_settings import (
    Gateway,
    LogSettings,
    MailSender,
    MailUrl,
    RelaySettings,
)
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Notifications' own settings, on top of the shared ones."""

    database_url: str = Field(validation_alias="DATABASE_URL_NOTIFICATIONS")
    secret_key: str = Field(min_length=32, validation_alias="SECRET_KEY_NOTIFICATIONS")
    smtp_url: MailUrl
    # Instead of SMTP_URL alone: several relays, with weights.
    mail_relays: tuple[RelaySettings, ...] = ()
    gateways: tuple[Gateway, ...] = (LogSettings(kind="log"),)
    # Answers to a mail arrive there.
    mail_from: MailSender = "Sejawat <sejawat@localhost>"
    # Reminders, announcements and digests to one person on one day.
    daily_cap: int = Field(default=3, ge=1)
    keep_content_days: int = Field(default=90, ge=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [way.name for way in (*self.relays, *self.named_gateways)]
        if len(set(names)) < len(names):
            raise ValueError(f"two ways out have the same name: {', '.join(sorted(names))}")
        return self

    @property
    def relays(self) -> tuple[RelaySettings, ...]:
        """Every mail relay, each with a name."""
        relays = self.mail_relays or (RelaySettings(url=self.smtp_url),)
        names = ["smtp", *(f"smtp-{number}" for number in range(2, len(relays) + 1))]
        return tuple(
            relay.model_copy(update={"name": relay.name or name})
            for relay, name in zip(relays, names, strict=True)
        )

    @property
    def named_gateways(self) -> tuple[Gateway, ...]:
        """Every gateway, each with a name: its kind, if it was not given one."""
        return tuple(
            gateway.model_copy(update={"name": gateway.name or gateway.kind})
            for gateway in self.gateways
        )

    @property
    def host(self) -> str:
        """The name under which people know us, for Message-IDs and the greeting to a server."""
        return urlsplit(self.base_url).hostname or "localhost"


@cache
def settings() -> Settings:
    """Read once, on first use."""
    return Settings()
