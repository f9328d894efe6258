"""The ways out that the settings name, one object of each in this process."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from services.notifications.provider_settings import GatewaySettings, LogSettings
from services.notifications.providers.base import Channel, Pace, Provider
from services.notifications.providers.log import LogOnly
from services.notifications.providers.smtp import MailRelay
from services.notifications.settings import settings

Ways = Mapping[Channel, tuple[Provider, ...]]


@cache
def ways() -> Ways:
    """All providers of each channel; a channel without any is not in it."""
    config = settings()
    found: dict[Channel, list[Provider]] = {}
    for relay in config.relays:
        made = MailRelay(
            relay.name,
            relay.url,
            sender=config.mail_from,
            our_name=config.host,
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


_MAKERS: dict[type[GatewaySettings], Callable[[Any], Provider]] = {LogSettings: _log}
