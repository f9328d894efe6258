"""Rounds: one template, one meeting in every chosen province."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.registration import rounds
from services.registration.hosting_schemas import LONGEST_KEPT, Day, RoundForm, StrictForm
from services.registration.hosting_words import DONE, PREFIXES, STATES, WRONG
from services.registration.models import Meeting, Round
from services.registration.pages.common import pages
from services.registration.pages.hosting import REFUSALS_OF_FORMS, Typed, read, refusal, values_of
from services.registration.resources import Transaction, forms
from services.registration.words import PARTICIPANT_TYPES
from shared import regions
from shared.security import National
from shared.web import Form

router = APIRouter(prefix="/rounds", include_in_schema=False)

Words = Annotated[str, Query(max_length=100)]
OPENED = ("drafts", "publish")
SOURCES = 100  # meetings to copy from, the newest

DEFAULTS = {
    "meeting_title": "Peer Learning Meeting {province} {year}",
    "waves": "5",
    "days_between": "7",
    "length_days": "2",
    "starts": "08:00",
    "ends": "16:00",
    "closes_before": "7",
    "capacity": "60",
    "waiting_list": "yes",
    "offer_hours": "48",
    "keep_days": str(LONGEST_KEPT),
    "jp": "16",
    "min_days": "2",
    "signer_title": "Ketua Panitia",
}


class ProvinceForm(StrictForm):
    """One more province of a round, and when it meets."""

    province: str
    first_day: Day


@router.get("")
def list_rounds(
    request: Request,
    _: National,
    session: Transaction,
    q: Words = "",
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Rounds, newest first."""
    rows, following = rounds.page(session, words=q, after=after)
    return pages.render(
        request,
        "host_rounds.html",
        rounds=rows,
        q=q,
        next_url="?" + urlencode({"q": q, "after": following}) if following else "",
        first_url="?" + urlencode({"q": q}) if after else "",
    )


@router.get("/new")
def show_new(request: Request, _: National, session: Transaction) -> Response:
    """The template, with what is usual."""
    return _form(request, session, Form(DEFAULTS | {"form_token": forms.new_form()}))


@router.post("/new")
def create(request: Request, caller: National, session: Transaction, data: Typed) -> Response:
    """Show the dates first; then open the round, once however often it is sent."""
    values = values_of(data)
    step = values.pop("step", "")
    if step == "change":
        return _form(request, session, Form(values))
    try:
        form = read(RoundForm, values, provinces=values.get("provinces", "").split())
        plan = rounds.plan_of(form)
        chosen = [regions.get(code) for code in form.provinces]
        if step not in OPENED:
            rounds.check(session, plan, forms.form_id(values["form_token"]))
            return _preview(request, values, plan, chosen)
        rounds.open_round(
            session,
            plan,
            chosen,
            caller,
            publish=step == "publish",
            round_id=forms.form_id(values["form_token"]),
        )
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, None, request)
        return _form(request, session, Form(values, refused.errors), refused.status)
    return RedirectResponse(f"/registration/rounds/{plan.name}?done=opened", 303)


@router.get("/{name}")
def show(request: Request, name: str, _: National, session: Transaction) -> Response:
    """One round with its meetings."""
    return _show(request, session, rounds.find(session, name), Form())


@router.post("/{name}/provinces")
def add_province(
    request: Request, name: str, caller: National, session: Transaction, data: Typed
) -> Response:
    """One more province, as a draft."""
    made = rounds.find(session, name)
    values = values_of(data)
    try:
        form = read(ProvinceForm, values)
        province = regions.find(form.province)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, None, request)
        return _show(request, session, made, Form(values, refused.errors), refused.status)
    if province is None or province.level != 1:
        errors = {"province": pages.gettext(request)(WRONG["province"])}
        return _show(request, session, made, Form(values, errors), 422)
    rounds.add_province(session, caller, made, province, form.first_day, publish=False)
    return RedirectResponse(f"/registration/rounds/{name}?done=added", 303)


@router.get("/{name}/publish")
def ask_publish(request: Request, name: str, _: National, session: Transaction) -> Response:
    """Whether all drafts may be seen by everybody: that cannot be taken back."""
    made = rounds.find(session, name)
    drafts = [each for each in rounds.meetings_of(session, made) if each.status == "draft"]
    return pages.render(
        request, "host_round_publish.html", round=made, drafts=drafts, token=forms.new_form()
    )


@router.post("/{name}/publish")
def publish(
    request: Request, name: str, caller: National, session: Transaction, data: Typed
) -> Response:
    """Open all drafts to the public; a second time there are none left."""
    made = rounds.find(session, name)
    try:
        forms.form_id(values_of(data).get("form_token", ""))
        rounds.publish_drafts(session, caller, made)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, None, request)
        return _show(request, session, made, Form({}, refused.errors), refused.status)
    return RedirectResponse(f"/registration/rounds/{name}?done=published", 303)


def _form(request: Request, session: Session, form: Form, status: int = 200) -> Response:
    say = pages.gettext(request)
    query = select(Meeting.slug, Meeting.title).order_by(Meeting.starts_at.desc()).limit(SOURCES)
    return pages.render(
        request,
        "host_round_new.html",
        status,
        form=form,
        # Though it comes back, it is the same form, and opens one round.
        token=form.values.get("form_token") if "" not in form.errors else forms.new_form(),
        provinces=[(each.code, each.name) for each in regions.children(None)],
        types=[(code, say(words[0])) for code, words in PARTICIPANT_TYPES.items()],
        prefixes=[(code, say(text), "") for code, text in PREFIXES.items()],
        sources=[(row.slug, f"{row.title} ({row.slug})") for row in session.execute(query)],
    )


def _preview(
    request: Request, values: dict[str, str], plan: rounds.RoundPlan, chosen: list[regions.Region]
) -> Response:
    kept = [(name, value) for name, value in values.items() if name != "provinces"]
    kept += [("provinces", province.code) for province in chosen]
    return pages.render(
        request,
        "host_round_preview.html",
        plan=plan,
        kept=kept,
        dates=[
            (province, wave, rounds.template_meeting(plan, province, first_day))
            for province, wave, first_day in rounds.dates(plan, chosen)
        ],
    )


def _show(
    request: Request, session: Session, made: Round, form: Form, status: int = 200
) -> Response:
    say = pages.gettext(request)
    listed = rounds.meetings_of(session, made)
    there = {each.province_code for each in listed if each.status != "cancelled"}
    done = DONE.get(request.query_params.get("done", ""))
    listing = [(each, regions.get(each.province_code), say(STATES[each.status])) for each in listed]
    context: dict[str, Any] = {
        "meetings": listing,
        "missing": [(p.code, p.name) for p in regions.children(None) if p.code not in there],
        "drafts": sum(each.status == "draft" for each in listed),
        "done": [say(text) for text in done] if done and request.method == "GET" else None,
    }
    return pages.render(
        request, "host_round.html", status, round=made, form=form, token=forms.new_form(), **context
    )
