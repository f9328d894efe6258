"""What somebody takes home from the own page, also long after the meeting."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import combinations
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer
from registering import Browser, open_meeting, registration
from registration import certified
from registration.paper_reading import boxes, codes, reader, texts
from registration.personal_data import approve
from registration.test_own_page import asked, own_id
from reportlab.lib.pagesizes import A6
from sites import form_token
from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.registration import registrations
from services.registration.documents.ticket_card import (
    QR_BOTTOM,
    QR_SIDE,
    TicketFacts,
    write_ticket,
)
from services.registration.models import Meeting, Registration
from services.registration.resources import database
from services.registration.settings import settings

pytestmark = pytest.mark.usefixtures("registration_database")


def linked(page: str, words: str) -> str:
    """Where a link with these words leads."""
    [address] = re.findall(rf'<a [^>]*href="([^"]+)"[^>]*>{re.escape(words)}</a>', page)
    return str(address)


def own_path(person: Registration, meeting: Meeting) -> str:
    link = registrations.own_link(person.id, meeting.ends_at)
    return link.removeprefix(f"{settings().base_url}/registration")


def of_meeting(meeting: Meeting) -> Registration:
    with database.sessions() as session:
        query = select(Registration).where(Registration.meeting_id == meeting.id)
        found = session.scalars(query).one()
        session.expunge(found)
        return found


def follow(browser: Browser, address: str) -> Any:
    return browser.get(address.removeprefix("/registration"))


def test_a_certificate_is_downloaded_from_the_own_page(browser: Browser) -> None:
    meeting = certified.open_meeting()
    certified.guests(meeting, 1)
    [row] = certified.issue_all(meeting)
    page = browser.get(own_path(of_meeting(meeting), meeting)).text
    paper = follow(browser, linked(page, "Unduh sertifikat (PDF)"))
    assert paper.headers["content-type"] == "application/pdf"
    assert row.number in texts(paper.content)[0]
    proof = follow(browser, linked(page, "Halaman bukti keasliannya"))
    assert row.number in proof.text


def test_a_ticket_is_downloaded_and_scanned(browser: Browser) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting)
    assert browser.get(f"{own}/ticket.pdf").status_code == 404
    assert "ticket.pdf" not in browser.get(own).text
    person = registration(own)
    approve(meeting, person.id)
    answer = follow(browser, linked(browser.get(own).text, "Unduh tiket (PDF)"))
    assert answer.headers["cache-control"] == "private, no-store"
    assert person.code in answer.headers["content-disposition"]
    [page] = reader(answer.content).pages
    assert (page.mediabox.width, page.mediabox.height) == pytest.approx(A6, abs=0.01)
    [words] = texts(answer.content)
    for said in (person.name, meeting.title, meeting.venue, person.code, "WIB"):
        assert said in words
    assert codes(page) == [f"{settings().base_url}/registration/t/{person.code}"]


def ask_for_link(browser: Browser, contact: str) -> None:
    token = form_token(browser.get("/links").text)
    sent = browser.ask("POST", "/links", data={"contact": contact, "form_token": token})
    assert sent.status_code == 303


def test_years_after_the_meeting_a_link_is_sent_again_and_opens(browser: Browser) -> None:
    meeting = open_meeting()
    own = browser.registers(meeting, email="lama.sekali@contoh.id")
    person = registration(own)
    with database.sessions.begin() as session:
        held = session.get_one(Meeting, meeting.id)
        held.starts_at = datetime.now(UTC) - timedelta(days=400)
        held.ends_at = held.starts_at + timedelta(hours=8)
        held.status = "done"
    ask_for_link(browser, "lama.sekali@contoh.id")
    [event] = asked("lama.sekali@contoh.id")
    assert own_id(event) == str(person.id)
    data: Any = event["data"]
    address = data["links"][0]["own_link"].removeprefix(settings().base_url)
    assert person.code in follow(browser, address).text
    with database.sessions.begin() as session:
        session.get_one(Registration, person.id).erased_at = datetime.now(UTC)
    ask_for_link(browser, "lama.sekali@contoh.id")
    assert len(asked("lama.sekali@contoh.id")) == 1


def test_a_link_serves_for_half_a_year_and_a_late_one_for_a_month() -> None:
    now = datetime.now(UTC)

    def days(meeting_ended: timedelta) -> int:
        link = registrations.own_link(uuid7(), now - meeting_ended)
        _, (_, over) = URLSafeSerializer("any").loads_unsafe(link.rpartition("/")[2])
        return round((int(over) - now.timestamp()) / timedelta(days=1).total_seconds())

    assert days(timedelta(0)) == 180
    assert days(timedelta(days=100)) == 80
    assert days(timedelta(days=170)) == 30
    assert days(timedelta(days=1000)) == 30


def test_a_ticket_has_room_for_long_words() -> None:
    file = BytesIO()
    facts = TicketFacts(
        name="Raden Ayu Peserta Contoh Nama Panjang Sekali, S.Sos., M.Hum., alias Ibu Contoh Kedua",
        meeting_title="Peer Learning Meeting Transformasi Perpustakaan Berbasis Inklusi Sosial "
        "Provinsi Kepulauan Riau dan Sekitarnya Tahun Dua Ribu Dua Puluh Tujuh",
        days="Rabu, 30 September – Kamis, 1 Oktober 2026",
        hours="08.00 WIB",
        venue="Gedung Pertemuan Contoh Lantai Dua, Jalan Perpustakaan Nomor 123, Kecamatan "
        "Contoh Barat, Tanjungpinang, Kepulauan Riau",
        url="https://sejawat.example/registration/t/K7QF3-M2DXA",
        code="K7QF3-M2DXA",
    )
    write_ticket(file, facts)
    [page] = reader(file.getvalue()).pages
    lines = boxes(page)
    assert not any(one.overlaps(other) for one, other in combinations(lines, 2))
    assert all(line.left > 0 and line.right < A6[0] for line in lines)
    code_top = QR_BOTTOM + QR_SIDE
    assert not [line for line in lines if QR_BOTTOM < line.bottom < code_top]
    assert codes(page) == [facts.url]
