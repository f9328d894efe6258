"""What stands on a meeting's papers: the terms of its certificates and its letter of invitation."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.registration import agenda, hosting
from services.registration.certificates import organiser
from services.registration.documents.agenda import AgendaItem
from services.registration.documents.invitation_letter import InvitationFacts
from services.registration.hosting_schemas import CertificateTerms, LetterTerms
from services.registration.models import Meeting
from shared import regions
from shared.security import Caller
from shared.web.formats import Language


class NumberPatternTaken(Exception):
    """Another meeting would give its certificates the same numbers; `slug` says which."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


def letter_terms(meeting: Meeting) -> LetterTerms:
    """The terms of a meeting's letter, with a recipient even if nobody has edited them."""
    province = regions.get(meeting.province_code).name
    recipient = f"Bapak/Ibu Pengelola Perpustakaan\nse-Provinsi {province}"
    return LetterTerms.model_validate({"recipient": recipient} | meeting.letter)


def set_certificate(
    session: Session, caller: Caller, meeting: Meeting, terms: CertificateTerms
) -> None:
    """Write the terms of a locked meeting. Raises `NumberPatternTaken`."""
    if "{meeting}" not in terms.number_pattern:
        _nobody_else_numbers_so(session, meeting, terms)
    before = meeting.certificate
    meeting.certificate = terms.model_dump(mode="json")
    hosting.record(session, caller, "certificate_changed", meeting, before, meeting.certificate)


def set_letter(session: Session, caller: Caller, meeting: Meeting, terms: LetterTerms) -> None:
    """Write the terms of a locked meeting; a letter that gets its number is dated that day."""
    if terms.number and terms.issued_on is None:
        today = datetime.now(ZoneInfo(meeting.zone)).date()
        terms = terms.model_copy(update={"issued_on": today})
    before = meeting.letter
    meeting.letter = terms.model_dump(mode="json")
    hosting.record(session, caller, "letter_changed", meeting, before, meeting.letter)


def is_public(meeting: Meeting) -> bool:
    """Whether everybody may read the letter: it is numbered, and the meeting is on."""
    return meeting.status not in {"draft", "cancelled"} and bool(letter_terms(meeting).number)


def invitation(session: Session, meeting: Meeting, language: Language) -> InvitationFacts:
    """The letter to everybody, for `write_invitation`; a person's own adds name and ticket."""
    terms = letter_terms(meeting)
    return InvitationFacts(
        organiser=organiser(meeting),
        number=terms.number or "–",
        recipient=tuple(terms.recipient),
        meeting_title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        zone=meeting.zone,
        venue=f"{meeting.venue}, {meeting.address}" if meeting.address else meeting.venue,
        place=terms.place or regions.get(meeting.province_code).name,
        issued_on=terms.issued_on or _today(meeting),
        signer_name=terms.signer_name,
        signer_title=terms.signer_title,
        organiser_address=tuple(terms.organiser_address),
        nature=terms.nature,
        subject=terms.subject,
        recipient_place=terms.recipient_place,
        own_words=terms.body,
        agenda=tuple(_items(session, meeting)),
        copies=tuple(terms.copies),
        signer_prefix=terms.signer_prefix,
        on_behalf_of=terms.signer_office,
        signer_nip=terms.signer_nip,
        language=language,
    )


def _items(session: Session, meeting: Meeting) -> list[AgendaItem]:
    return [
        AgendaItem(
            item.starts_at,
            item.ends_at,
            item.title,
            tuple(
                f"{speaker['name']} ({speaker['role']})" if speaker.get("role") else speaker["name"]
                for speaker in item.speakers
            ),
        )
        for item in agenda.of(session, meeting.id)
    ]


def _today(meeting: Meeting) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(meeting.zone)).date()


def _nobody_else_numbers_so(session: Session, meeting: Meeting, terms: CertificateTerms) -> None:
    """The numbers of two meetings must differ in more than the running number."""
    query = select(Meeting).where(
        Meeting.id != meeting.id,
        Meeting.certificate["number_pattern"].astext == terms.number_pattern,
    )
    own = terms.number(1, meeting.slug, meeting.province_code, meeting.ends_at.date())
    for other in session.scalars(query):
        day = other.ends_at.date()
        if terms.number(1, other.slug, other.province_code, day) == own:
            raise NumberPatternTaken(other.slug)
