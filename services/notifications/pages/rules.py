"""Who is told what and when, for the national library: every rule, and what one may decide."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.notifications import rule_settings, rule_words, schedules, words
from services.notifications.pages.common import Typed, pages
from services.notifications.providers.base import CHANNELS
from services.notifications.resources import Transaction, forms
from services.notifications.rule_settings import AlwaysOn, ChannelsUnfit, RuleState
from services.notifications.rules import GOES_AGAIN
from shared.security import BadLink, National, national
from shared.web import Form

LIST = "/notifications/rules"
PLACES = ("channel_1", "channel_2", "channel_3")

router = APIRouter(prefix="/rules", dependencies=[Depends(national)], include_in_schema=False)


@router.get("")
def list_rules(request: Request, _caller: National, session: Transaction) -> Response:
    """Every rule in words."""
    return pages.render(
        request,
        "rules.html",
        states=rule_settings.states(session),
        any_hour=GOES_AGAIN,
        words=words,
        triggers=rule_words.TRIGGERS,
    )


@router.get("/{rule_name}")
def show_rule(
    request: Request, _caller: National, rule_name: str, session: Transaction
) -> Response:
    """One rule, to switch off or on, and to order its channels."""
    state = rule_settings.in_force(session, rule_settings.find(rule_name))
    places = dict(zip(PLACES, state.rule.channels, strict=False))
    form = Form({"enabled": "yes" if state.enabled else "no", **places})
    return _page(request, session, state, form)


@router.post("/{rule_name}")
def change_rule(
    request: Request, caller: National, rule_name: str, data: Typed, session: Transaction
) -> Response:
    """Decide; it holds for messages that are written from now on."""
    say = pages.gettext(request)
    values = {name: str(value) for name, value in data.items()}
    errors = {}
    try:
        forms.form_id(values.get("form_token", ""))
        if values.get("enabled") not in {"yes", "no"}:
            errors["enabled"] = say(rule_words.REFUSALS["enabled"])
        else:
            rule_settings.change(
                session,
                caller,
                rule_name,
                enabled=values["enabled"] == "yes",
                channels=[values[place] for place in PLACES if values.get(place)],
            )
    except BadLink:
        errors[""] = say(words.REFUSALS["form-expired"])
    except AlwaysOn:
        errors["enabled"] = say(rule_words.REFUSALS["always-on"])
    except ChannelsUnfit:
        errors[PLACES[0]] = say(rule_words.REFUSALS["channels"])
    if errors:
        state = rule_settings.in_force(session, rule_settings.find(rule_name))
        return _page(request, session, state, Form(values, errors), 422)
    return RedirectResponse(f"{LIST}/{rule_name}?done=saved", 303)


def _page(
    request: Request, session: Transaction, state: RuleState, form: Form, status: int = 200
) -> Response:
    say = pages.gettext(request)
    return pages.render(
        request,
        "rule.html",
        status,
        state=state,
        form=form,
        any_hour=GOES_AGAIN,
        words=words,
        triggers=rule_words.TRIGGERS,
        channels=[(channel, say(words.CHANNELS[channel])) for channel in CHANNELS],
        runs=schedules.latest_runs(session, state.rule.name),
        done=request.query_params.get("done", ""),
        token=forms.new_form(),
    )
