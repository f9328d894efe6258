"""What notifications is told by its environment."""

from functools import cache
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from services.notifications.provider_settings import (
    DkimKey,
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
    # What comes back arrives there: a program's mailbox (`bounces`), which no person reads.
    mail_from: MailSender = "Sejawat <sejawat@localhost>"
    # Where people's answers go; without it no mail asks for one.
    mail_reply_to: MailSender | Literal[""] = ""
    # Left to the relay as long as there is no key: RSA, as PEM.
    dkim_key: DkimKey | Literal[""] = Field(default="", repr=False)
    dkim_selector: str = Field(default="", pattern=r"^[A-Za-z0-9.-]*$")
    dkim_domain: str = Field(default="", pattern=r"^[A-Za-z0-9.-]*$")
    # Announcements and digests to one person on one day.
    daily_cap: int = Field(default=3, ge=1)
    keep_content_days: int = Field(default=90, ge=1)
    # Signs what providers tell of bounces and complaints; without it nobody can.
    bounce_secret: str = Field(default="", pattern=r"^(.{32,})?$", repr=False)
    # Networks that are not of the internet and may be told all the same, e.g. ["10.1.0.0/16"].
    webhooks_allow_private: tuple[IPv4Network | IPv6Network, ...] = ()
    # A webhook that has failed for so long is left alone.
    webhook_disable_days: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [way.name for way in (*self.relays, *self.named_gateways)]
        if len(set(names)) < len(names):
            raise ValueError(f"two ways out have the same name: {', '.join(sorted(names))}")
        return self

    @model_validator(mode="after")
    def _dkim_is_whole(self) -> Self:
        if self.dkim_key and not (self.dkim_selector and self.dkim_domain):
            raise ValueError("DKIM_KEY needs DKIM_SELECTOR and DKIM_DOMAIN")
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
