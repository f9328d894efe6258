"""The letter of invitation (surat undangan), with the agenda as its attachment."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from babel.dates import format_date
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.registration.documents.agenda import AgendaItem, draw_agenda
from services.registration.documents.letter import FIELD, LEFT, NOTE, RIGHT, ROOM, TEXT, Letter
from services.registration.documents.pen import (
    AMBER,
    SIGNING_ROOM,
    Signature,
    balanced,
    draw_qr,
    draw_signature,
    height_of,
    new_canvas,
    signature_blocks,
    write,
)
from shared.documents.type_setting import (
    BOLD,
    INK,
    REGULAR,
    SERIF_BOLD,
    SLATE,
    TEAL,
    TINT,
    Style,
    fit,
)
from shared.web import formats
from shared.web.formats import Language


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """One letter. Moments are shown on the clock of `zone`: WIB, WITA, WIT or its IANA name.

    `recipient` has an entry a line, at least the name. `own_words` are the host's, plain text with
    a blank line between paragraphs. With a `ticket_url` the letter is a person's own and carries
    that person's QR; `person_name` and `ticket_code` belong to it.
    """

    organiser: str
    number: str
    recipient: tuple[str, ...]
    meeting_title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    venue: str
    place: str
    issued_on: date
    signer_name: str
    signer_title: str
    organiser_address: tuple[str, ...] = ()
    nature: str = ""
    subject: str = ""
    recipient_place: str = ""
    own_words: str = ""
    agenda: tuple[AgendaItem, ...] = ()
    copies: tuple[str, ...] = ()
    signer_prefix: str = ""
    on_behalf_of: str = ""
    signer_nip: str = ""
    person_name: str = ""
    ticket_url: str = ""
    ticket_code: str = ""
    language: Language = "id"


@dataclass(frozen=True, slots=True)
class _Words:
    heads: tuple[str, str, str, str]
    nature: str
    subject: str
    attachment: str
    to: str
    at_place: str
    dear: str
    invite: str
    facts: tuple[str, str, str, str]
    hours: str
    attached: str
    closing: str
    copies: str
    agenda_of: str
    page: str
    ticket: str
    ticket_hint: str


_WORDS: dict[Language, _Words] = {
    "id": _Words(
        heads=("Nomor", "Sifat", "Lampiran", "Hal"),
        nature="Biasa",
        subject="Undangan",
        attachment="1 (satu) berkas",
        to="Yth.",
        at_place="di {}",
        dear="Dengan hormat,",
        invite=(
            "Bersama surat ini kami mengundang Bapak/Ibu untuk hadir dalam {}"
            " yang akan diselenggarakan pada:"
        ),
        facts=("hari, tanggal", "waktu", "tempat", "acara"),
        hours="pukul {} s.d. {}",
        attached="Susunan acara terlampir.",
        closing=(
            "Demikian undangan ini kami sampaikan. Atas perhatian dan kehadiran Bapak/Ibu,"
            " kami ucapkan terima kasih."
        ),
        copies="Tembusan:",
        agenda_of="Lampiran surat nomor {}, tanggal {}",
        page="Halaman {}",
        ticket="Tiket {}",
        ticket_hint="Tunjukkan kode ini saat Anda datang.",
    ),
    "en": _Words(
        heads=("Number", "Kind", "Enclosure", "Subject"),
        nature="Ordinary",
        subject="Invitation",
        attachment="1 (one) document",
        to="To",
        at_place="{}",
        dear="Dear Sir or Madam,",
        invite="With this letter we invite you to attend {}, which will be held as follows:",
        facts=("day, date", "time", "place", "event"),
        hours="from {} to {}",
        attached="The agenda is enclosed.",
        closing="Thank you for your attention. We look forward to welcoming you.",
        copies="Copies to:",
        agenda_of="Enclosure to letter number {}, {}",
        page="Page {}",
        ticket="Ticket of {}",
        ticket_hint="Show this code when you arrive.",
    ),
}

LABEL_ROOM = 23 * mm  # of Nomor, Sifat, Lampiran, Hal
INDENT, FACT_ROOM = 10 * mm, 30 * mm  # of the table of day, time, place and event
SIGNER_ROOM = 82 * mm
QR_SIDE = 30 * mm
GAP = 9  # between paragraphs, in points

_NAME = Style(SERIF_BOLD, ((17, 1), (14, 2), (12, 3)))
_ADDRESS = Style(REGULAR, ((8, 1), (7, 3)))
_STRONG = Style(SERIF_BOLD, ((11.5, 9999),))
_LABEL = Style(BOLD, ((8, 3), (7, 5)))


def write_invitation(file: BinaryIO, facts: InvitationFacts) -> None:
    """Write the letter, and the agenda on pages of its own; the same facts give the same bytes."""
    words = _WORDS[facts.language]
    canvas = new_canvas(
        file,
        A4,
        title=f"{_subject(facts)}: {facts.meeting_title}",
        author=facts.organiser,
        language=facts.language,
    )
    letter = Letter(canvas, words.page)
    _letterhead(letter, facts)
    _heads(letter, facts)
    _recipient(letter, facts)
    _body(letter, facts)
    _signature(letter, facts)
    _copies(letter, facts)
    if facts.agenda:
        day = _day(facts.issued_on, facts.language)
        letter.next_page()
        letter.say(words.agenda_of.format(facts.number, day), NOTE, colour=SLATE)
        draw_agenda(letter, facts.agenda, facts.meeting_title, facts.zone, facts.language)
    canvas.showPage()
    canvas.save()


def _subject(facts: InvitationFacts) -> str:
    return facts.subject or _WORDS[facts.language].subject


def _day(day: date, language: Language) -> str:
    return format_date(day, "d MMMM y", locale=language)


# --- the letter ------------------------------------------------------------------------------


def _letterhead(letter: Letter, facts: InvitationFacts) -> None:
    canvas, middle = letter.canvas, (LEFT + RIGHT) / 2
    name = balanced(facts.organiser.upper(), _NAME, ROOM)
    letter.y = write(canvas, name, middle, letter.y, TEAL, align="centre")
    letter.y -= 2
    for line in facts.organiser_address:
        block = balanced(line, _ADDRESS, ROOM)
        letter.y = write(canvas, block, middle, letter.y, SLATE, align="centre")
    letter.y -= 3 * mm
    canvas.setStrokeColor(TEAL)
    canvas.setLineWidth(1.8)
    canvas.line(LEFT, letter.y, RIGHT, letter.y)
    canvas.setStrokeColor(AMBER)
    canvas.setLineWidth(0.6)
    canvas.line(LEFT, letter.y - 2.4, RIGHT, letter.y - 2.4)
    letter.y -= 7 * mm


def _heads(letter: Letter, facts: InvitationFacts) -> None:
    words = _WORDS[facts.language]
    day = fit(f"{facts.place}, {_day(facts.issued_on, facts.language)}", FIELD, ROOM * 0.38)
    write(letter.canvas, day, RIGHT, letter.y, align="right")
    values = (
        facts.number,
        facts.nature or words.nature,
        words.attachment if facts.agenda else "-",
        _subject(facts),
    )
    for label, value in zip(words.heads, values, strict=True):
        blocks = [fit(value, FIELD, ROOM * 0.6 - LABEL_ROOM)]
        letter.row(fit(label, TEXT, LABEL_ROOM), blocks, LEFT, LABEL_ROOM, ":")
    letter.y -= GAP * 1.6


def _recipient(letter: Letter, facts: InvitationFacts) -> None:
    words = _WORDS[facts.language]
    name, *rest = facts.recipient
    letter.say(f"{words.to} {name}", _STRONG)
    for line in rest:
        letter.say(line)
    if facts.recipient_place:
        letter.say(words.at_place.format(facts.recipient_place))
    letter.y -= GAP * 1.6


def _body(letter: Letter, facts: InvitationFacts) -> None:
    words = _WORDS[facts.language]
    letter.say(words.dear)
    letter.y -= GAP
    letter.say(words.invite.format(facts.meeting_title))
    letter.y -= GAP * 0.7
    room = ROOM - INDENT - FACT_ROOM
    for label, value in zip(words.facts, _table(facts), strict=True):
        blocks = [fit(value, FIELD, room)]
        letter.row(fit(label, TEXT, FACT_ROOM), blocks, LEFT + INDENT, FACT_ROOM, ":")
        letter.y -= 2
    letter.y -= GAP * 0.7
    own = [each for each in re.split(r"\n\s*\n", facts.own_words.replace("\r", "")) if each.strip()]
    for paragraph in [*own, words.attached] if facts.agenda else own:
        letter.say(paragraph)
        letter.y -= GAP


def _table(facts: InvitationFacts) -> tuple[str, str, str, str]:
    words, language = _WORDS[facts.language], facts.language
    first, _ = formats.localise(facts.starts_at, facts.zone)
    last, _ = formats.localise(facts.ends_at, facts.zone)
    begin = formats.time(first, facts.zone, lang=language)
    end = formats.time(last, facts.zone, lang=language)
    days = formats.date_range(first.date(), last.date(), lang=language)
    return days, words.hours.format(begin, end), facts.venue, facts.meeting_title


def _signature(letter: Letter, facts: InvitationFacts) -> None:
    """The closing words and who signs, always on one page; beside it the person's own ticket."""
    words = _WORDS[facts.language]
    closing = fit(words.closing, TEXT, ROOM)
    signature = Signature(
        "",
        facts.signer_prefix,
        facts.on_behalf_of,
        facts.signer_title,
        facts.signer_name,
        facts.signer_nip,
    )
    over, under = signature_blocks(signature, SIGNER_ROOM)
    signed = height_of(over) + SIGNING_ROOM + height_of(under)
    ticket = QR_SIDE + 4 * mm if facts.ticket_url else 0
    letter.need(closing.height + 2 * GAP + max(signed, ticket))
    letter.y = write(letter.canvas, closing, LEFT, letter.y) - 2 * GAP
    bottom = draw_signature(letter.canvas, signature, (RIGHT - SIGNER_ROOM, letter.y), SIGNER_ROOM)
    if facts.ticket_url:
        _ticket(letter.canvas, facts, letter.y)
    letter.y = min(bottom, letter.y - ticket)


def _ticket(canvas: Canvas, facts: InvitationFacts, top: float) -> None:
    words = _WORDS[facts.language]
    width, height = ROOM - SIGNER_ROOM - 6 * mm, QR_SIDE + 4 * mm
    canvas.setFillColor(TINT)
    canvas.roundRect(LEFT, top - height, width, height, 2 * mm, stroke=0, fill=1)
    draw_qr(canvas, facts.ticket_url, LEFT + 2 * mm, top - 2 * mm - QR_SIDE, QR_SIDE)
    x, room = LEFT + QR_SIDE + 5 * mm, width - QR_SIDE - 7 * mm
    blocks = [
        (fit(words.ticket.format(facts.person_name), _LABEL, room), TEAL),
        (fit(facts.ticket_code, _LABEL, room), INK),
        (fit(words.ticket_hint, NOTE, room), SLATE),
    ]
    y = top - (height - height_of([block for block, _ in blocks]) - 8) / 2
    for block, colour in blocks:
        y = write(canvas, block, x, y, colour) - 4


def _copies(letter: Letter, facts: InvitationFacts) -> None:
    if not facts.copies:
        return
    letter.y -= 2 * GAP
    letter.say(_WORDS[facts.language].copies, _LABEL, colour=SLATE)
    for number, name in enumerate(facts.copies, start=1):
        letter.say(f"{number}. {name}", NOTE, colour=SLATE)
