"""What one message is on each channel that its rule allows and its reader can be reached by."""

from typing import Any

from services.notifications import preferences, segments
from services.notifications.contents import Wording
from services.notifications.intents import Intent
from services.notifications.providers import registry
from services.notifications.providers.base import Channel
from services.notifications.rules import Rule


def ways(rule: Rule, intent: Intent, wording: Wording) -> list[dict[str, Any]]:
    """Columns of `message` for each channel with an address and a provider, in the rule's order."""
    addresses = {"email": intent.email, "whatsapp": intent.phone, "sms": intent.phone}
    return [
        _way(rule, intent, wording, channel, address)
        for channel in rule.channels
        if (address := addresses[channel]) and channel in registry.ways()
    ]


def _way(
    rule: Rule, intent: Intent, wording: Wording, channel: Channel, address: str
) -> dict[str, Any]:
    optional = rule.work_class in preferences.OPTIONAL
    values = dict(intent.values)
    if optional:
        values["preferences"] = preferences.link(address, intent.language)
    contents = wording.render(channel, intent.language, values)
    unsubscribe = optional and channel == "email"
    columns = {
        "channel": channel,
        "recipient": address,
        "subject": contents.subject,
        "text": contents.text,
        "html": contents.html,
        "parameters": contents.parameters,
        "parts": segments.count(contents.text).parts if channel == "sms" else None,
        "unsubscribe": preferences.unsubscribe_link(address, rule.work_class)
        if unsubscribe
        else None,
        "attachments": list(intent.attachments) if channel == "email" else None,
    }
    # What is not there has no key, or it would be a JSON null once this comes out of `fallbacks`.
    return {name: value for name, value in columns.items() if value}
