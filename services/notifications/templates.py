"""Versions of templates: drafted, looked at, published, taken back. Messages keep their number.

Version 0 is what stands in the repository. A published version never changes; going back to one
makes a new version of the same words, so that the history tells all that was ever sent.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications import messages
from services.notifications.contents import FILES, TemplateNotFound, Wording, base, sample
from services.notifications.intents import Intent
from services.notifications.models import Official, TemplateVersion
from services.notifications.providers.base import Channel
from services.notifications.rules import Rule
from services.notifications.template_checks import Problem, check, errors
from shared.security import Caller
from shared.tracing import new_traceparent
from shared.web.formats import Language

REPOSITORY = 0
TESTED_BY: tuple[Channel, ...] = ("email", "sms")  # WhatsApp sends what Meta has approved, no draft
# Sent by no event and switched off by nobody, so it is none of `rules`.
TEMPLATE_TEST = Rule("template-test", template="", work_class="transactional", channels=TESTED_BY)
TEST_NEWS = timedelta(hours=1)

# Whoever changes a template has it alone until the end of the transaction.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('notifications.template'), hashtext(:name))")


class DraftNotFound(LookupError):
    """This template has no draft."""


class DraftExists(Exception):
    """There is a draft already; one is enough, or the later would undo the earlier."""


class Overtaken(Exception):
    """Somebody else changed it while the form stood open. `who` and `at`: the last change."""

    def __init__(self, who: str, at: datetime | None) -> None:
        super().__init__(who)
        self.who = who
        self.at = at


class NotReady(Exception):
    """It cannot be published or tried out like this."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class NoAddress(Exception):
    """The official's account has no address on this channel, as far as we were told."""


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in one part: lines, each with " ", "-" or "+" before it."""

    part: str
    lines: list[tuple[str, str]]


def history(session: Session, template: str) -> Sequence[TemplateVersion]:
    """Every version, newest first; the repository's, which is none of them, is older than all."""
    query = select(TemplateVersion).where(TemplateVersion.template == template)
    return session.scalars(query.order_by(TemplateVersion.number.desc())).all()


def of_state(session: Session, state: str) -> dict[str, TemplateVersion]:
    """The draft, or what is published, of each template that has one."""
    query = select(TemplateVersion).where(TemplateVersion.state == state)
    return {version.template: version for version in session.scalars(query)}


def find(session: Session, template: str, number: int) -> tuple[Wording, TemplateVersion | None]:
    """One version; None stands for the repository's. Raises `TemplateNotFound`."""
    original = base(template)
    if number == REPOSITORY:
        return original, None
    version = session.scalar(
        select(TemplateVersion).where(
            TemplateVersion.template == template, TemplateVersion.number == number
        )
    )
    if version is None:
        raise TemplateNotFound(template, number)
    return Wording({**original.parts, **version.parts}, number), version


def draft(session: Session, template: str) -> TemplateVersion:
    """The draft. Raises `TemplateNotFound` and `DraftNotFound`."""
    base(template)
    found = _in_state(session, template, "draft")
    if found is None:
        raise DraftNotFound(template)
    return found


def begin(session: Session, caller: Caller, template: str, number: int) -> TemplateVersion:
    """A draft that says what a version says. Raises `TemplateNotFound`, `DraftExists`."""
    session.execute(_ALONE, {"name": template})
    wording, _version = find(session, template, number)
    if _in_state(session, template, "draft"):
        raise DraftExists(template)
    return _add(session, caller, template, wording.parts, "draft")


def save(
    session: Session, template: str, caller: Caller, parts: Mapping[str, str], seen: datetime
) -> TemplateVersion:
    """Change parts of the draft as it was `seen`. Raises `DraftNotFound`, `Overtaken`."""
    version = _locked(session, template, seen)
    version.parts = {**version.parts, **parts}
    version.author = caller.name
    version.changed_at = datetime.now(UTC)
    session.flush()
    return version


def discard(session: Session, template: str, caller: Caller, seen: datetime) -> None:
    """Put the draft aside; it stays in the history. Raises `DraftNotFound`, `Overtaken`."""
    _retire(session, _locked(session, template, seen), caller)


def publish(session: Session, template: str, caller: Caller, seen: datetime) -> TemplateVersion:
    """From now on, messages say this. Raises `DraftNotFound`, `Overtaken` and `NotReady`."""
    version = _locked(session, template, seen)
    if wrong := errors(check(template, version.parts)):
        raise NotReady(wrong)
    if before := _in_state(session, template, "published"):
        _retire(session, before, caller)
    version.state, version.published_by = "published", caller.name
    version.published_at = datetime.now(UTC)
    session.flush()
    return version


def restore(session: Session, template: str, caller: Caller, number: int, in_use: int) -> None:
    """Have messages say again what a version said; `in_use` is the one seen to be published.

    Raises `TemplateNotFound`, `Overtaken` and `NotReady`.
    """
    session.execute(_ALONE, {"name": template})
    wording, version = find(session, template, number)
    before = _in_state(session, template, "published")
    if (before.number if before else REPOSITORY) != in_use:
        raise Overtaken(*_last_change(session, template))
    if wrong := errors(check(template, wording.parts)):
        raise NotReady(wrong)
    if before:
        _retire(session, before, caller)
    if version:
        again = _add(session, caller, template, wording.parts, "published")
        again.restored_from = number


def changes(before: Wording, after: Wording) -> list[Change]:
    """What differs between two versions, part by part; parts that say the same are left out."""
    found = []
    for name in FILES:
        old, new = before.parts.get(name, ""), after.parts.get(name, "")
        if old != new:
            lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
            kept = [line for line in list(lines)[2:] if not line.startswith("@@")]
            found.append(Change(name, [(line[:1], line[1:]) for line in kept]))
    return found


def send_test(  # noqa: PLR0913 - what a test is
    session: Session,
    caller: Caller,
    template: str,
    number: int,
    *,
    language: Language,
    channel: Channel,
    form_id: UUID,
) -> None:
    """Send a version, filled with the sample, to the caller's own address.

    It goes the way of all messages; the same form sent twice is one. Raises `TemplateNotFound`,
    `NoAddress` and `NotReady`.
    """
    wording, _version = find(session, template, number)
    address = _own_address(session, caller, channel)
    if wrong := errors(check(template, wording.parts)):
        raise NotReady(wrong)
    intent = Intent(
        event_id=form_id,
        about=f"template-{template}",
        version=None,
        traceparent=new_traceparent(),
        email=address,
        phone=address,
        language=language,
        region_code=caller.region_code,
        expires_at=datetime.now(UTC) + TEST_NEWS,
        values=sample(template, language),
        person=caller.name,
    )
    rule = replace(TEMPLATE_TEST, template=template, channels=(channel,))
    messages.write(session, rule, [intent], wording)


def _own_address(session: Session, caller: Caller, channel: Channel) -> str:
    try:
        official = session.get(Official, UUID(caller.subject))
    except ValueError:  # a program's token
        official = None
    address = official and (official.email if channel == "email" else official.phone)
    if not address:
        raise NoAddress(channel)
    return address


def _in_state(session: Session, template: str, state: str) -> TemplateVersion | None:
    query = select(TemplateVersion).where(
        TemplateVersion.template == template, TemplateVersion.state == state
    )
    return session.scalar(query)


def _locked(session: Session, template: str, seen: datetime) -> TemplateVersion:
    """The draft, ours alone, if it still is what was seen."""
    session.execute(_ALONE, {"name": template})
    version = draft(session, template)
    if version.changed_at != seen:
        raise Overtaken(version.author, version.changed_at)
    return version


def _last_change(session: Session, template: str) -> tuple[str, datetime | None]:
    """Who last changed what is in use, and when."""
    found = history(session, template)
    told = [(version.published_at, version.published_by) for version in found]
    told += [(version.retired_at, version.retired_by) for version in found]
    at, who = max(((at, who or "") for at, who in told if at), default=(None, ""))
    return who, at


def _add(
    session: Session, caller: Caller, template: str, parts: Mapping[str, str], state: str
) -> TemplateVersion:
    highest = select(func.max(TemplateVersion.number)).where(TemplateVersion.template == template)
    now = datetime.now(UTC)
    version = TemplateVersion(
        id=uuid7(),
        template=template,
        number=(session.scalar(highest) or REPOSITORY) + 1,
        state=state,
        parts=dict(parts),
        author=caller.name,
        changed_at=now,
        published_at=now if state == "published" else None,
        published_by=caller.name if state == "published" else None,
    )
    session.add(version)
    session.flush()
    return version


def _retire(session: Session, version: TemplateVersion, caller: Caller) -> None:
    version.state, version.retired_by = "retired", caller.name
    version.retired_at = datetime.now(UTC)
    session.flush()  # before the next one is published: there is never more than one
