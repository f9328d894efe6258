"""The agenda on paper: a table of sessions for each day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from reportlab.lib.units import mm

from services.registration.documents.letter import FIELD, LEFT, RIGHT, ROOM, Letter
from services.registration.documents.pen import write
from shared.documents.type_setting import REGULAR, SERIF_BOLD, TEAL, TINT, Style, fit
from shared.web import formats
from shared.web.formats import Language

_WORDS: dict[Language, tuple[str, str]] = {
    "id": ("Susunan acara", "Hari {}: {}"),
    "en": ("Agenda", "Day {}: {}"),
}

TIME_ROOM = 34 * mm
GAP = 9  # between paragraphs, in points

_TITLE = Style(SERIF_BOLD, ((18, 2), (14, 3), (11, 6)))
_STRONG = Style(SERIF_BOLD, ((11.5, 9999),))
_SESSION_NOTE = Style(REGULAR, ((8.8, 4), (7.6, 6)))


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One session; the speakers as a reader should see them."""

    starts_at: datetime
    ends_at: datetime
    title: str
    speakers: tuple[str, ...] = ()


def draw_agenda(
    letter: Letter, items: Sequence[AgendaItem], title: str, zone: str, language: Language
) -> None:
    """Write them in the order of their time, day by day on the clock of `zone`."""
    agenda, day_head = _WORDS[language]
    letter.y -= GAP
    letter.say(agenda, _TITLE, colour=TEAL)
    letter.say(title)
    ordered = sorted(items, key=lambda item: item.starts_at)
    days = groupby(ordered, key=lambda item: formats.localise(item.starts_at, zone)[0].date())
    for number, (day, sessions) in enumerate(days, start=1):
        _day_head(letter, day_head.format(number, formats.date(day, lang=language)))
        for item in sessions:
            _session(letter, item, zone, language)


def _day_head(letter: Letter, text: str) -> None:
    letter.y -= 2 * GAP
    letter.need(22 * mm)  # with its first session
    letter.canvas.setFillColor(TINT)
    letter.canvas.rect(LEFT, letter.y - 7.5 * mm, ROOM, 7.5 * mm, stroke=0, fill=1)
    block = fit(text, _STRONG, ROOM - 6 * mm)
    write(letter.canvas, block, LEFT + 3 * mm, letter.y - 1.5 * mm, TEAL)
    letter.y -= 7.5 * mm + 5


def _session(letter: Letter, item: AgendaItem, zone: str, language: Language) -> None:
    begin, short = formats.localise(item.starts_at, zone)
    end, _ = formats.localise(item.ends_at, zone)
    clock = "%H.%M" if language == "id" else "%H:%M"
    room = ROOM - TIME_ROOM - 3 * mm
    blocks = [fit(item.title, FIELD, room)]
    blocks += [fit(who, _SESSION_NOTE, room) for who in item.speakers]
    hours = fit(f"{begin:{clock}}–{end:{clock}} {short}", _SESSION_NOTE, TIME_ROOM - 3 * mm)
    letter.row(hours, blocks, LEFT + 3 * mm, TIME_ROOM)
    letter.y -= 5
    letter.canvas.setStrokeColor(TINT)
    letter.canvas.setLineWidth(0.8)
    letter.canvas.line(LEFT, letter.y, RIGHT, letter.y)
    letter.y -= 5
