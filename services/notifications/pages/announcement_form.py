"""The form of an announcement: what it asks, and how it is read back."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.notifications import announcement_words as words
from services.notifications import audience
from services.notifications.announcement_schemas import AnnouncementForm, Audience
from services.notifications.models import Announcement
from services.notifications.pages.common import pages
from services.notifications.providers import registry
from services.notifications.providers.base import CHANNELS
from shared import regions
from shared.security import BadLink, Caller
from shared.web import Form, chosen_region, region_lists
from shared.web.errors import explain

PLACES = ("channel_1", "channel_2", "channel_3")
TICKED = ("statuses", "participant_types", "roles")
_TEXTS = ("subject", "body", "subject_en", "body_en")


class BadDate(ValueError):
    """What was typed is no date."""


def typed(data: FormData) -> dict[str, str]:
    """What was typed, as the form shows it again."""
    values = {name: value for name, value in data.items() if isinstance(value, str)}
    for name in TICKED:
        values[name] = " ".join(str(one) for one in data.getlist(name))
    codes = [str(code) for code in data.getlist("region_code")]
    return values | {"region_code": chosen_region(codes)}


def of_draft(found: Announcement, caller: Caller) -> dict[str, str]:
    """A draft, as the form shows it."""
    wanted = Audience.model_validate(found.audience)
    values = {name: str(getattr(found, name)) for name in _TEXTS}
    values |= {"kind": wanted.kind, "meeting": wanted.meeting, "region_code": wanted.region_code}
    values |= {name: " ".join(getattr(wanted, name)) for name in TICKED}
    values |= dict(zip(PLACES, found.channels, strict=False))
    if found.expires_at:
        last = found.expires_at.astimezone(_zone(caller)) - timedelta(seconds=1)
        values["expires_on"] = last.date().isoformat()
    return values


def read(values: dict[str, str], caller: Caller) -> AnnouncementForm:
    """The announcement that was typed. Raises `ValidationError` and `BadDate`."""
    wanted: dict[str, Any] = {
        "kind": values.get("kind", ""),
        "region_code": values.get("region_code", ""),
    }
    if values.get("kind") == "officials":
        wanted["roles"] = values.get("roles", "").split()
    else:
        wanted["meeting"] = values.get("meeting", "")
        wanted |= {name: values.get(name, "").split() for name in TICKED[:2]}
    return AnnouncementForm.model_validate(
        {name: values.get(name, "") for name in _TEXTS}
        | {
            "audience": wanted,
            "channels": [values[place] for place in PLACES if values.get(place)],
            "expires_at": _end_of(values.get("expires_on", "").strip(), caller),
        }
    )


def told(request: Request, refusal: Exception) -> dict[str, str]:
    """What is wrong, by field, in the reader's language."""
    say = pages.gettext(request)
    if isinstance(refusal, BadLink):
        return {"": say(words.REFUSALS["form-expired"])}
    if isinstance(refusal, BadDate):
        return {"expires_on": say(words.REFUSALS["date"])}
    found: dict[str, str] = {}
    for error in refusal.errors() if isinstance(refusal, ValidationError) else ():
        name, sentence = _error(error)
        found.setdefault(name, say(sentence) if sentence else explain(error, say))
    return found


def _error(error: Any) -> tuple[str, str]:
    """The field, and our own sentence if there is one."""
    parts = [part for part in error["loc"] if part != "audience"]
    name = str(parts[0]) if parts else ""
    own = {"english": "subject_en", "too-long": "body"}
    if error["type"] in own:
        return own[error["type"]], words.REFUSALS[error["type"]]
    if error["type"] == "past":
        return "expires_on", words.REFUSALS["past"]
    if name in {"subject", "body"} and error["type"] == "string_too_short":
        return name, words.REFUSALS[name]
    if name in {"kind", "channels"}:
        return {"channels": PLACES[0]}.get(name, name), words.REFUSALS[name]
    return name, ""


def page(
    request: Request, session: Session, caller: Caller, form: Form, status: int = 200, **more: Any
) -> Any:
    """The form, with what one can choose."""
    say = pages.gettext(request)
    offered = [(one, say(words.CHANNELS[one])) for one in CHANNELS if one in registry.ways()]
    return pages.render(
        request,
        "announcement_form.html",
        status,
        form=form,
        kinds=[(kind, say(name), say(hint)) for kind, (name, hint) in words.KINDS.items()],
        meetings=audience.meetings(session, caller),
        statuses=[(one, say(name)) for one, name in words.STATUSES.items()],
        participant_types=[(one, say(name)) for one, name in words.PARTICIPANT_TYPES.items()],
        roles=[(one, say(name)) for one, name in words.ROLES.items()],
        channels=offered,
        places=PLACES[: len(offered)],
        levels=region_lists(caller.region_code, form.values.get("region_code", ""), say),
        within=caller.region_code,
        **more,
    )


def _end_of(day: str, caller: Caller) -> datetime | None:
    """The end of a day, where the official is."""
    if not day:
        return None
    try:
        last = date.fromisoformat(day)
    except ValueError as error:
        raise BadDate(day) from error
    if last == date.max:
        raise BadDate(day)
    return datetime.combine(last + timedelta(days=1), time.min, _zone(caller))


def _zone(caller: Caller) -> ZoneInfo:
    return ZoneInfo(regions.zone_of(caller.region_code))
