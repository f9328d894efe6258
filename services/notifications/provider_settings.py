"""How a way out is described in the environment: `MAIL_RELAYS` and `GATEWAYS`, lists in JSON."""

import re
from decimal import Decimal
from email.utils import parseaddr
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def mail_url(url: str) -> str:
    """An address of a mail server. Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("smtp://[user:password@]host[:port][?starttls=1] or smtps://... is wanted")
    return url


def sender(value: str) -> str:
    """`Name <address@host>`. Raises `ValueError`: a wrong one would make every mail fail."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
        raise ValueError("Name <address@host> is wanted")
    return value


def dkim_key(value: str) -> str:
    """An RSA key as PEM; its lines may be parted by a backslash and an n instead."""
    pem = value.replace("\\n", "\n")
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("an RSA key as PEM is wanted")  # noqa: TRY004 - pydantic wants this one
    return pem


def _web_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address that begins with https:// or http:// is wanted")
    return url.rstrip("/")


MailUrl = Annotated[str, AfterValidator(mail_url)]
DkimKey = Annotated[str, AfterValidator(dkim_key)]
MailSender = Annotated[str, AfterValidator(sender)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
Secret = Annotated[str, Field(min_length=1, repr=False)]


OUR_URL = Field(default=None, description="Where its receipts reach us, if not at BASE_URL")


class WayOut(BaseModel):
    """What all have in common. Rates are messages a second; `per_recipient` seconds between two."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(default="", pattern=r"^[a-z0-9-]*$", description="Unique; as in the console")
    weight: int = Field(default=1, ge=0, description="Its share; 0 is a spare one")
    per_second: float | None = Field(default=None, gt=0)
    per_sender: float | None = Field(default=None, gt=0)
    per_recipient: float | None = Field(default=None, gt=0)


class RelaySettings(WayOut):
    """A mail relay."""

    url: MailUrl
    connections: int = Field(default=20, ge=1, le=50, description="For each worker process")


class GatewaySettings(WayOut):
    """What all gateways for SMS and WhatsApp have in common."""

    price: Decimal | None = Field(default=None, ge=0, description="Rupiah for one part")
    timeout_s: float = Field(default=20, gt=0, le=40, description="Less than the lease of 60 s")


class LogSettings(GatewaySettings):
    """Writes to the log that a message would have been sent."""

    kind: Literal["log"]
    channel: Literal["sms", "whatsapp"] = "sms"


class ZenzivaSettings(GatewaySettings):
    """Zenziva's regular SMS or WhatsApp. It tells no receipts: the state stops at accepted."""

    kind: Literal["zenziva"]
    channel: Literal["sms", "whatsapp"] = "sms"
    url: WebUrl
    userkey: Secret
    passkey: Secret


class WhatsAppSettings(GatewaySettings):
    """WhatsApp Cloud API. Each template is approved there under the same name as here."""

    kind: Literal["whatsapp-cloud"]
    url: WebUrl
    # What Meta allows: to all from one number, and to one and the same.
    per_sender: float | None = Field(default=80, gt=0)
    per_recipient: float | None = Field(default=6, gt=0)
    version: str = Field(default="v23.0", pattern=r"^v\d+\.\d+$")
    phone_number_id: str = Field(pattern=r"^\d+$")
    token: Secret
    app_secret: Secret
    verify_token: Secret


class InfobipSettings(GatewaySettings):
    """Infobip SMS v3: our own reference can be looked up for 48 hours."""

    kind: Literal["infobip"]
    url: WebUrl
    key: Secret
    sender: str = Field(min_length=1)
    our_url: WebUrl | None = OUR_URL


class KannelSettings(GatewaySettings):
    """A Kannel of our own (smsbox)."""

    kind: Literal["kannel"]
    url: WebUrl
    username: str
    password: Secret
    sender: str = Field(min_length=1)
    our_url: WebUrl | None = OUR_URL


Gateway = Annotated[
    LogSettings | ZenzivaSettings | WhatsAppSettings | InfobipSettings | KannelSettings,
    Field(discriminator="kind"),
]
