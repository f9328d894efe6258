"""What the national library decided about rules; the table in `rules` is what it starts from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notifications import rules
from services.notifications.models import RuleSetting
from services.notifications.providers.base import CHANNELS, Channel
from services.notifications.rules import Rule
from shared.security import Caller


class RuleNotFound(LookupError):
    """No rule has this name."""


class AlwaysOn(Exception):
    """This rule may not be switched off: without it somebody could not get in."""


class ChannelsUnfit(Exception):
    """No channel at all, one that does not exist, or one of them twice."""


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule as it holds now, and who last decided about it."""

    rule: Rule  # with the channels that hold
    enabled: bool = True
    actor: str = ""
    changed_at: datetime | None = None


def find(name: str) -> Rule:
    """A rule as the table has it. Raises `RuleNotFound`."""
    for rule in rules.ALL:
        if rule.name == name:
            return rule
    raise RuleNotFound(name)


def in_force(session: Session, rule: Rule) -> RuleState:
    """How a rule holds for messages that are written now."""
    return _state(rule, session.get(RuleSetting, rule.name, populate_existing=True))


def states(session: Session) -> list[RuleState]:
    """Every rule as it holds now, in the table's order."""
    settings = {setting.rule: setting for setting in session.scalars(select(RuleSetting))}
    return [_state(rule, settings.get(rule.name)) for rule in rules.ALL]


def change(
    session: Session, caller: Caller, name: str, *, enabled: bool, channels: Sequence[str]
) -> None:
    """Decide about a rule; it holds for messages that are written from now on.

    Raises `RuleNotFound`, `AlwaysOn`, `ChannelsUnfit`.
    """
    rule = find(name)
    if not enabled and not rule.may_be_off:
        raise AlwaysOn(name)
    if not channels or len(set(channels)) < len(channels) or not set(channels) <= set(CHANNELS):
        raise ChannelsUnfit(name)
    values = {
        "enabled": enabled,
        "channels": list(channels) if tuple(channels) != rule.channels else None,
        "actor": caller.name,
        "changed_at": datetime.now(UTC),
    }
    session.execute(
        insert(RuleSetting)
        .values(rule=name, **values)
        .on_conflict_do_update(index_elements=["rule"], set_=values)
    )


def _state(rule: Rule, setting: RuleSetting | None) -> RuleState:
    if setting is None:
        return RuleState(rule)
    if rule.trigger is None:  # the official who starts it chose the channels, and saw what they do
        return RuleState(rule, setting.enabled, setting.actor, setting.changed_at)
    channels: tuple[Channel, ...] = tuple(
        channel
        for name in setting.channels or rule.channels
        for channel in CHANNELS
        if channel == name
    )
    return RuleState(
        replace(rule, channels=channels), setting.enabled, setting.actor, setting.changed_at
    )
