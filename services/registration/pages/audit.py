"""What happened in my region: the audit log."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from services.registration import account_words as words
from services.registration import audit, consents, desk_words, directory_words, hosting_words
from services.registration.api.meetings import quota_label
from services.registration.audit import Sought
from services.registration.models import AuditEntry
from services.registration.pages.common import pages
from services.registration.pages.hosting import Say
from services.registration.resources import Transaction
from services.registration.words import PARTICIPANT_TYPES, QUOTA_KINDS, STATUSES
from shared import regions
from shared.security import Caller, Host
from shared.web import Form, formats
from shared.web.formats import Language
from shared.web.languages import choose_language

router = APIRouter(include_in_schema=False)
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]

UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT_TEXT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d\S*(?:[+-]\d\d:\d\d|Z)")
DAY_TEXT = re.compile(r"\d{4}-\d\d-\d\d")

# Where a thing stands that has an id of its own, or that its address names.
PAGES = {
    "account": "accounts/{}",
    "library": "libraries/{}",
    "person": "people/{}",
    "import": "imports/{}",
    "data_request": "privacy/requests/{}",
    "meeting": "meetings/{}/edit",
}
BY_NAME = ("meeting",)
IN_MEETINGS = {
    "registration": "desk/{slug}/r/{id}",
    "booth": "desk/{slug}/r/{id}",
    "agenda_session": "meetings/{slug}/agenda",
}

# Values that stand for words, by noun and field.
VALUES: dict[tuple[str, str], Mapping[str, str]] = {
    ("meeting", "status"): hosting_words.STATES,
    ("registration", "status"): STATUSES,
    ("registration", "consent"): consents.PURPOSES,
    ("registration", "participant_type"): {k: v[0] for k, v in PARTICIPANT_TYPES.items()},
    ("booth", "state"): desk_words.BOOTH_STATES,
    ("account", "role"): {k: v[0] for k, v in words.ROLES.items()},
    ("account", "language"): words.LANGUAGES,
    ("api_token", "scopes"): words.SCOPES,
    ("library", "kind"): directory_words.KINDS,
    ("library", "partner_status"): directory_words.PARTNERS,
    ("question", "type"): {k: v[0] for k, v in hosting_words.QUESTION_TYPES.items()},
}


class Wanted(BaseModel):
    """What the log is asked for, as it stands in the address."""

    noun: str = Field("", max_length=40)
    actor: str = Field("", max_length=100)
    first: Day = None
    last: Day = None
    after: Annotated[int, Field(ge=1, lt=2**63)] | None = None

    def url(self, after: int | None = None) -> str:
        """The address of the same question, from another page on."""
        asked = self.model_dump(mode="json", exclude={"after"}) | {"after": after}
        return "?" + urlencode({name: value for name, value in asked.items() if value})


@router.get("/audit")
def list_entries(
    request: Request, caller: Host, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """Who changed what, when, from what to what; newest first."""
    zone = _zone(caller)
    sought = Sought(wanted.noun, wanted.actor, wanted.first, wanted.last, zone)
    rows, following = audit.page(session, caller, sought, wanted.after)
    say = pages.gettext(request)
    reader = _Reader(say, zone, choose_language(request))
    slugs = audit.meetings_of(session, rows)
    values = {
        name: str(value or "") for name, value in wanted.model_dump(exclude={"after"}).items()
    }
    return pages.render(
        request,
        "audit.html",
        form=Form(values),
        entries=rows,
        differences={row.id: list(reader.differences(row)) for row in rows},
        links={row.id: _link(row, slugs) for row in rows},
        short=_short,
        words=words,
        nouns=[(noun, say(label)) for noun, label in words.NOUNS.items()],
        zone=zone,
        next_url=wanted.url(following) if following else "",
        first_url=wanted.url() if wanted.after else "",
        any_wanted=any(values.values()),
    )


def _zone(caller: Caller) -> str:
    return regions.zone_of(caller.region_code)


def _link(entry: AuditEntry, slugs: Mapping[str, str]) -> str:
    """The page of what changed, if it has one."""
    noun, noun_id = entry.noun, entry.noun_id
    path = ""
    if noun in IN_MEETINGS and noun_id in slugs:
        path = IN_MEETINGS[noun].format(slug=slugs[noun_id], id=noun_id)
    elif noun == "question":
        path = f"meetings/{noun_id.partition('/')[0]}/questions"
    elif noun in PAGES and (noun in BY_NAME or UUID_TEXT.fullmatch(noun_id)):
        path = PAGES[noun].format(noun_id)
    return f"/registration/{path}" if path else ""


def _short(text: str) -> str:
    """A long id by its end: its beginning is the time, and many share it."""
    return f"…{text[-8:]}" if UUID_TEXT.fullmatch(text) else text


@dataclass(frozen=True, slots=True)
class _Reader:
    """Says what stands in the log to one reader, on one clock."""

    say: Say
    zone: str
    language: Language

    def differences(self, entry: AuditEntry) -> Iterator[tuple[str, str, str]]:
        """Field, what it was, what it is; empty where it was or is nothing."""
        before, after = entry.before or {}, entry.after or {}
        for name in before | after:
            old, new = (self._value(entry.noun, name, each.get(name)) for each in (before, after))
            yield self._label(name), old, new

    def _label(self, name: str) -> str:
        kind, _, key = name.partition(" ")
        if name in words.FIELDS:
            label = self.say(words.FIELDS[name])
        elif kind == "institution":
            label = f"{self.say(QUOTA_KINDS[kind])} {key}".strip()
        elif kind in QUOTA_KINDS:
            label = self.say(quota_label(kind, key))
        else:
            label = name.replace("_", " ")
        return label[:1].upper() + label[1:]

    def _value(self, noun: str, name: str, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(self._value(noun, name, item) for item in value)
        if isinstance(value, dict):
            told = [(key, self._value(noun, key, item)) for key, item in value.items()]
            return ", ".join(f"{self._label(key)}: {text}" for key, text in told)
        if isinstance(value, bool):
            return self.say(words.YES_NO[value])
        text = "" if value is None else str(value)
        if known := VALUES.get((noun, name), {}).get(text):
            return self.say(known)
        if name in {"region_code", "provinces"} and (region := regions.find(text)):
            return region.name
        return self._moment(text)

    def _moment(self, text: str) -> str:
        """A moment or a day as people write it; anything else as it is, ids short."""
        try:
            if MOMENT_TEXT.fullmatch(text):
                return formats.moment(datetime.fromisoformat(text), self.zone, lang=self.language)
            if DAY_TEXT.fullmatch(text):
                return formats.date(date.fromisoformat(text), lang=self.language)
        except ValueError:  # it only looks like one
            return text
        return _short(text)
