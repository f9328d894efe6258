"""What one message is on each channel that its rule allows and its reader can be reached by."""

from typing import Any

from services.notifications.contents import render
from services.notifications.intents import Intent
from services.notifications.providers import registry
from services.notifications.providers.base import Channel
from services.notifications.rules import Rule


def ways(rule: Rule, intent: Intent) -> list[dict[str, Any]]:
    """Columns of `message` for each channel with an address and a provider, in the rule's order."""
    addresses = {"email": intent.email, "whatsapp": intent.phone, "sms": intent.phone}
    return [
        _way(rule, intent, channel, address)
        for channel in rule.channels
        if (address := addresses[channel]) and channel in registry.ways()
    ]


def _way(rule: Rule, intent: Intent, channel: Channel, address: str) -> dict[str, Any]:
    contents = render(rule.template, channel, intent.language, intent.values)
    return {
        "channel": channel,
        "recipient": address,
        "subject": contents.subject,
        "text": contents.text,
        "html": contents.html,
    }
