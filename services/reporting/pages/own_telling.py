"""What a report says, in words: for its page, its history, and two versions side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import Request

from services.reporting import activities, own_words
from services.reporting.drafts import Draft
from services.reporting.models import Activity, ActivityChange
from services.reporting.pages.common import pages
from services.reporting.streams import Stream
from shared.web import formats
from shared.web.formats import Language
from shared.web.languages import choose_language


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a history. `what` are (label, before, after)."""

    action: str
    actor: str
    role: str
    at: datetime
    comment: str
    what: list[tuple[str, str, str]]


def facts(
    request: Request, stream: Stream, content: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """(label, value, no link) for each answer, in the order of the form."""
    said = _said(request, stream, content)
    return [(label, said[name], "") for name, label in _labels(request, stream) if name in said]


def differences(
    request: Request, stream: Stream, existing: Activity, offered: Draft
) -> list[tuple[str, str, str, bool]]:
    """(label, what is kept, what was typed, whether they differ) for each answer of either."""
    content: Mapping[str, Any] = {
        "day": str(offered.day),
        "title": offered.title,
        **offered.fields,
        **{name: number for name, number in offered.measures.items() if number},
    }
    kept = _said(request, stream, activities.content(existing))
    typed = _said(request, stream, content)
    return [
        (label, kept.get(name, ""), typed.get(name, ""), kept.get(name) != typed.get(name))
        for name, label in _labels(request, stream)
        if kept.get(name) or typed.get(name)
    ]


def told_history(request: Request, stream: Stream, changes: Sequence[ActivityChange]) -> list[Told]:
    """Who did what, oldest first."""
    labels = _labels(request, stream)
    lines = []
    for change in changes:
        before, after = (
            _said(request, stream, {name: value for name, value in part.items() if value})
            for part in (change.before, change.after)
        )
        what = [
            (label, before.get(name, "–"), after.get(name, "–"))
            for name, label in labels
            if name in before or name in after
        ]
        lines.append(
            Told(change.action, change.actor, change.role, change.happened_at, change.comment, what)
        )
    return lines


def _labels(request: Request, stream: Stream) -> list[tuple[str, str]]:
    say = pages.gettext(request)
    own = [(one.name, say(one.label)) for one in stream.fields]
    # What is not asked for but follows from the rest: a month's visitors.
    known = {name for name, _ in own}
    people = own_words.PEOPLE.items() if stream.counts_people else ()
    return [
        ("day", say(own_words.DAY[stream.every])),
        *([("title", say(stream.title))] if stream.title else []),
        *own,
        *((name, say(label)) for name, label in people if name not in known),
        ("evidence", say(own_words.EVIDENCE)),
    ]


def _said(request: Request, stream: Stream, content: Mapping[str, Any]) -> dict[str, str]:
    say, language = pages.gettext(request), choose_language(request)
    said = {
        name: _value(stream, name, value, say, language)
        for name, value in content.items()
        if value not in ("", None)
    }
    return {name: text for name, text in said.items() if text}


def _value(
    stream: Stream, name: str, value: Any, say: Callable[[str], str], language: Language
) -> str:
    if name == "day":
        return period(stream, date.fromisoformat(value), say, language)
    if isinstance(value, bool):
        return say(own_words.YES) if value else ""
    if isinstance(value, int):
        figure = formats.rupiah if name == "amount" else formats.number
        return figure(value, lang=language)
    asked = next((one for one in stream.fields if one.name == name), None)
    if asked and asked.kind == "date":
        return formats.date(date.fromisoformat(value), lang=language)
    options = (asked and asked.options) or {}
    values = value if isinstance(value, list) else [value]
    return ", ".join(say(options[one]) if one in options else str(one) for one in values)


def period(stream: Stream, day: date, say: Callable[[str], str], language: Language) -> str:
    """The day, month or half-year that a report is about."""
    if stream.every == "day":
        return formats.date(day, lang=language)
    if stream.every == "month":
        return formats.month(day, lang=language)
    return say(own_words.HALVES[day.month]) % {"year": day.year}
