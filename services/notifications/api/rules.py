"""Rules over JSON, for the national library."""

from fastapi import APIRouter

from services.notifications import rule_settings, rule_words
from services.notifications.resources import Transaction
from services.notifications.rule_schemas import RuleChange, RuleDetail, RuleList
from services.notifications.rule_settings import RuleState
from services.notifications.rules import GOES_AGAIN
from shared.security import National

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])


@router.get("")
def list_rules(_caller: National, session: Transaction) -> RuleList:
    """Who is told what and when: every rule as it holds now."""
    return RuleList(items=[_detail(state) for state in rule_settings.states(session)])


@router.get("/{rule_name}")
def show_rule(_caller: National, rule_name: str, session: Transaction) -> RuleDetail:
    """One rule."""
    return _detail(rule_settings.in_force(session, rule_settings.find(rule_name)))


@router.put("/{rule_name}")
def change_rule(
    caller: National, rule_name: str, change: RuleChange, session: Transaction
) -> RuleDetail:
    """Switch a rule off or on, or change the order of its channels, for messages from now on."""
    rule_settings.change(
        session, caller, rule_name, enabled=change.enabled, channels=change.channels
    )
    return _detail(rule_settings.in_force(session, rule_settings.find(rule_name)))


def _detail(state: RuleState) -> RuleDetail:
    rule = state.rule
    return RuleDetail(
        name=rule.name,
        enabled=state.enabled,
        channels=list(rule.channels),
        trigger=rule_words.TRIGGERS[rule.name],
        template=rule.template,
        work_class=rule.work_class,
        any_hour=rule.work_class in GOES_AGAIN,
        changed_by=state.actor,
        changed_at=state.changed_at,
    )
