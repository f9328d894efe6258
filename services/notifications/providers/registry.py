"""The ways out that the settings name, one object of each in this process."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import structlog

from services.notifications.mime import dkim_signer
from services.notifications.provider_settings import (
    GatewaySettings,
    InfobipSettings,
    KannelSettings,
    LogSettings,
    WhatsAppSettings,
    ZenzivaSettings,
)
from services.notifications.providers.base import Channel, Pace, Provider
from services.notifications.providers.callbacks import SignedAddress
from services.notifications.providers.infobip import Infobip
from services.notifications.providers.kannel import Kannel
from services.notifications.providers.log import LogOnly
from services.notifications.providers.smtp import MailRelay
from services.notifications.providers.whatsapp_cloud import WhatsAppCloud
from services.notifications.providers.zenziva import Zenziva
from services.notifications.settings import settings

log = structlog.get_logger()

Ways = Mapping[Channel, tuple[Provider, ...]]


@cache
def ways() -> Ways:
    """All providers of each channel; a channel without any is not in it."""
    config = settings()
    found: dict[Channel, list[Provider]] = {}
    if config.environment == "production" and not config.mail_reply_to:
        log.warning("mail.nobody_reads_answers", setting="MAIL_REPLY_TO")
    sign = (
        dkim_signer(config.dkim_key, config.dkim_selector, config.dkim_domain)
        if config.dkim_key
        else None
    )
    for relay in config.relays:
        made = MailRelay(
            relay.name,
            relay.url,
            sender=config.mail_from,
            our_name=config.host,
            reply_to=config.mail_reply_to,
            sign=sign,
            weight=relay.weight,
            width=relay.connections,
            pace=Pace(relay.per_second, relay.per_sender, relay.per_recipient),
        )
        found.setdefault("email", []).append(made)
    for gateway in config.named_gateways:
        provider = _MAKERS[type(gateway)](gateway)
        found.setdefault(provider.channel, []).append(provider)
    return {channel: tuple(providers) for channel, providers in found.items()}


def providers() -> list[Provider]:
    """All of them."""
    return [provider for several in ways().values() for provider in several]


def named(name: str) -> Provider | None:
    """One of them; None when the settings do not name it any more."""
    return next((provider for provider in providers() if provider.name == name), None)


def close() -> None:
    """Hang up everywhere."""
    for provider in providers():
        provider.close()
    ways.cache_clear()


def _log(gateway: LogSettings) -> Provider:
    return LogOnly(gateway.channel, gateway.name, gateway.weight, gateway.price)


def _address(gateway: InfobipSettings | KannelSettings) -> SignedAddress:
    config = settings()
    return SignedAddress(gateway.our_url or config.base_url, gateway.name, config.secret_key)


_MAKERS: dict[type[GatewaySettings], Callable[[Any], Provider]] = {
    LogSettings: _log,
    ZenzivaSettings: Zenziva,
    WhatsAppSettings: WhatsAppCloud,
    InfobipSettings: lambda gateway: Infobip(gateway, _address(gateway)),
    KannelSettings: lambda gateway: Kannel(gateway, _address(gateway)),
}
