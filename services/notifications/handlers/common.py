"""What the handlers share: how a set of messages is written, and how facts are worded."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from services.notifications import jobs, messages
from services.notifications.intents import Intent
from services.notifications.resources import bus
from services.notifications.rules import Rule
from shared import regions
from shared.events import MeetingFacts
from shared.web import formats


def tell(session: Session, rule: Rule, intents: Iterable[Intent]) -> None:
    """Write messages down, and have them sent at once."""
    if messages.write(session, rule, intents):
        bus.wake(session, jobs.SENDS[rule.work_class])


def one_line(words: str) -> str:
    """What somebody typed, as one paragraph: none of its lines can pass for one of ours."""
    return " ".join(words.split())


def meeting_words(meeting: MeetingFacts, language: formats.Language) -> dict[str, str]:
    """A meeting in the reader's words, on the clock of its venue."""
    begins = formats.time(meeting.starts_at, meeting.zone, lang=language)
    ends = formats.time(meeting.ends_at, meeting.zone, lang=language)
    return {
        "meeting": one_line(meeting.title),
        "days": formats.date_range(meeting.days[0], meeting.days[-1], lang=language),
        "hours": f"{begins.split()[0]}–{ends}",
        "venue": one_line(meeting.venue),
        "province": regions.get(meeting.province_code).name,
    }
