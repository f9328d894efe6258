"""The public site: what everybody sees of meetings, lapak and certificates; and what is hidden."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest
from pypdf import PdfReader
from registering import (
    BOOTH,
    PERSON,
    Browser,
    open_meeting,
    photo,
    registration,
)
from sites import form_token
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from services.registration import booths, seats
from services.registration.models import AgendaSession, Consent, Meeting, Upload
from services.registration.resources import database
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")

HOST = Caller("province", "Petugas Contoh", "host", "21")
NEIGHBOUR = Caller("province", "Petugas Tetangga", "neighbour", "14")


def show_booth(browser: Browser, meeting: Meeting, number: int = 1, **changes: str) -> str:
    """Somebody with a booth that the host accepted; returns the own page."""
    person = PERSON | BOOTH | {"name": f"Pelapak Contoh {number}"} | changes
    person |= {"email": f"lapak{number}@contoh.id", "booth_title": f"Lapak Contoh {number:02}"}
    files = [("booth_photo", (f"{number}.jpg", photo()))]
    own = browser.fill_in(meeting, person, files=files).headers["location"]
    with database.sessions.begin() as session:
        held = session.get_one(Meeting, meeting.id)
        registration_id = registration(own).id
        seats.approve(session, HOST, held, [registration_id])
        booths.decide(session, HOST, registration_id, "accepted", f"A{number}")
    return own


def photo_of(own: str) -> UUID:
    with database.sessions.begin() as session:
        query = select(Upload.id).where(Upload.registration_id == registration(own).id)
        return session.scalars(query).one()


def test_the_home_page_leads_to_meetings_own_links_and_certificates(browser: Browser) -> None:
    open_meeting()
    page = browser.get("/home").text
    for address in ("/registration/", "/registration/links", "/registration/certificates"):
        assert f'"{address}"' in page
    assert "Daftar dari ponsel" in page


def test_a_meeting_shows_its_agenda_by_day_and_its_place_on_a_map(browser: Browser) -> None:
    meeting = open_meeting(
        description="Dua hari bersama.\n\nBawa contoh produk.",
        venue="Gedung & Balai Contoh",
        address="Jalan Contoh 1",
        organiser="Dinas Contoh",
        letter={"number": "005/1"},
    )
    with database.sessions.begin() as session:
        for day in (0, 1):
            starts_at = meeting.starts_at + timedelta(days=day, hours=-day)
            session.add(
                AgendaSession(
                    id=uuid7(),
                    meeting_id=meeting.id,
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=30),
                    title=f"Sesi hari {day + 1}",
                    speakers=[{"name": "Narasumber Contoh", "role": "Pustakawan"}],
                )
            )
    page = browser.get(f"/meetings/{meeting.slug}").text
    for shown in (
        "<p>Dua hari bersama.</p>",
        "Sesi hari 1",
        "Sesi hari 2",
        "Narasumber Contoh",
        "https://www.openstreetmap.org/search?query=Gedung%20%26%20Balai%20Contoh%2C%20Jalan",
        "/invitation.pdf",
        "Dinas Contoh",
    ):
        assert shown in page
    assert page.count("<h3>") == 2
    assert "<iframe" not in page


def test_a_draft_is_not_there(browser: Browser) -> None:
    slug = open_meeting(status="draft").slug
    for address in ("", "/register", "/gallery"):
        assert browser.get(f"/meetings/{slug}{address}").status_code == 404


def test_a_cancelled_meeting_says_so_and_why(browser: Browser) -> None:
    meeting = open_meeting(status="cancelled", cancel_reason="Gedung tidak dapat dipakai.")
    page = browser.get(f"/meetings/{meeting.slug}").text
    assert "Pertemuan ini dibatalkan" in page
    assert "Gedung tidak dapat dipakai." in page
    assert f"/meetings/{meeting.slug}/register" not in page


def test_a_full_meeting_with_a_waiting_list_still_takes_registrations(browser: Browser) -> None:
    page = browser.get(f"/meetings/{open_meeting(0).slug}").text
    assert "Penuh, ada daftar tunggu" in page
    assert "/register" in page
    assert (
        "/register" not in browser.get(f"/meetings/{open_meeting(0, waiting_list=False).slug}").text
    )


def test_the_gallery_shows_accepted_booths_of_those_who_agreed(browser: Browser) -> None:
    meeting = open_meeting()
    empty = browser.get(f"/meetings/{meeting.slug}/gallery")
    assert "Belum ada lapak" in empty.text
    assert "/gallery" not in browser.get(f"/meetings/{meeting.slug}").text
    shown = show_booth(browser, meeting, 1)
    show_booth(browser, meeting, 2, booth_public="")
    page = browser.get(f"/meetings/{meeting.slug}/gallery").text
    assert "Lapak Contoh 01" in page
    assert "Rp25.000" in page
    assert 'loading="lazy"' in page
    assert "Lapak Contoh 02" not in page
    for personal in ("Pelapak Contoh", "lapak1@contoh.id"):
        assert personal not in page
    assert "/gallery" in browser.get(f"/meetings/{meeting.slug}").text
    small = browser.get(f"/photos/{photo_of(shown)}/small")
    assert small.headers["content-type"] == "image/jpeg"
    assert browser.get(f"/photos/{photo_of(shown)}/large").status_code == 404


def test_a_photo_is_gone_with_the_consent_or_the_host_s_yes(browser: Browser) -> None:
    meeting = open_meeting()
    own = show_booth(browser, meeting)
    address = f"/photos/{photo_of(own)}"
    assert browser.get(address).status_code == 200
    with database.sessions.begin() as session:
        booths.decide(session, HOST, registration(own).id, "declined")
    assert browser.get(address).status_code == 404
    with database.sessions.begin() as session:
        booths.decide(session, HOST, registration(own).id, "accepted")
    assert browser.get(address).status_code == 200
    typed = PERSON | BOOTH | {"name": "Pelapak Contoh 1", "email": "lapak1@contoh.id"}
    typed |= {"booth_public": "", "form_token": form_token(browser.get(f"{own}/correct").text)}
    assert browser.ask("POST", f"{own}/correct", data=typed).status_code == 303
    assert browser.get(address).status_code == 404
    with database.sessions.begin() as session:
        consent = session.get_one(Consent, (registration(own).id, "gallery"))
        assert consent.withdrawn_at is not None


@pytest.mark.parametrize("change", ["nothing", "title", "photo"])
def test_a_booth_with_new_content_leaves_the_gallery_until_it_is_accepted_again(
    browser: Browser, change: str
) -> None:
    meeting = open_meeting()
    own = show_booth(browser, meeting)
    typed = PERSON | BOOTH | {"name": "Pelapak Contoh 1", "email": "lapak1@contoh.id"}
    typed |= {"booth_title": "Lapak Lain" if change == "title" else "Lapak Contoh 01"}
    typed |= {"form_token": form_token(browser.get(f"{own}/correct").text)}
    files = [("booth_photo", ("baru.jpg", photo("red")))] if change == "photo" else None
    answer = browser.ask("POST", f"{own}/correct", data=typed, files=files)
    assert answer.status_code == 303, answer.text
    with database.sessions.begin() as session:
        shown, _ = booths.gallery(session, meeting.id)
    assert len(shown) == (1 if change == "nothing" else 0)


def booth_news(own: str) -> list[tuple[str, bool, str]]:
    """What the holder of a booth was told of it, oldest first."""
    query = text("""
        SELECT envelope->'data' FROM outbox WHERE type = 'id.sejawat.booth.decided.v1'
          AND envelope->'data'->'registration'->>'registration_id' = :id ORDER BY id""")
    with database.sessions.begin() as session:
        told = session.scalars(query, {"id": str(registration(own).id)}).all()
    return [(one["booth_title"], one["accepted"], one["number"]) for one in told]


def test_the_holder_of_a_booth_is_told_each_new_answer_once(browser: Browser) -> None:
    own = show_booth(browser, open_meeting())
    answers = [("accepted", "A1"), ("accepted", "B2"), ("declined", ""), ("declined", "")]
    for state, number in answers:
        with database.sessions.begin() as session:
            booths.decide(session, HOST, registration(own).id, state, number)  # type: ignore[arg-type]
    title = "Lapak Contoh 01"
    assert booth_news(own) == [(title, True, "A1"), (title, True, "B2"), (title, False, "")]

    with database.sessions.begin() as session:
        seats.cancel(session, registration(own).id, "")
        booths.decide(session, HOST, registration(own).id, "accepted", "C3")
    assert len(booth_news(own)) == 3, "who does not come needs no table"


def test_a_host_of_another_province_decides_on_no_booth(browser: Browser) -> None:
    own = show_booth(browser, open_meeting())
    with database.sessions.begin() as session, pytest.raises(booths.BoothNotFound):
        booths.decide(session, NEIGHBOUR, registration(own).id, "declined")


def test_a_long_gallery_has_pages(browser: Browser) -> None:
    meeting = open_meeting()
    for number in range(1, booths.PAGE + 3):
        show_booth(browser, meeting, number)
    address = f"/meetings/{meeting.slug}/gallery"
    first = browser.get(address).text
    assert first.count("<h2>Lapak Contoh") == booths.PAGE
    following = first.split('rel="next" href="')[1].split('"')[0]
    second = browser.get(address + following).text
    assert second.count("<h2>Lapak Contoh") == 2
    assert "Lapak Contoh 14" in second


@pytest.mark.parametrize(
    "typed",
    [
        "7QF3-M2DX-K4TN-8WPC",
        " 7qf3-m2dx-k4tn-8wpc ",
        "https://sejawat.contoh.id/registration/c/7QF3-M2DX-K4TN-8WPC",
    ],
)
def test_the_certificate_check_leads_to_what_it_proves(browser: Browser, typed: str) -> None:
    answer = browser.get("/certificates", params={"code": typed})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/registration/c/7QF3-M2DX-K4TN-8WPC"


def test_what_can_be_no_code_is_told(browser: Browser) -> None:
    answer = browser.get("/certificates", params={"code": "<script>"})
    assert answer.status_code == 422
    assert 'href="#code"' in answer.text
    assert "<script>" not in answer.text


def test_an_accepted_booth_has_a_card_for_its_table_and_others_have_none(browser: Browser) -> None:
    meeting = open_meeting()
    card = browser.get(f"{show_booth(browser, meeting)}/booth-card.pdf")
    assert card.headers["content-type"] == "application/pdf"
    assert "Keripik pisang" in PdfReader(BytesIO(card.content)).pages[0].extract_text()
    assert browser.get(f"{browser.registers(open_meeting())}/booth-card.pdf").status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Belum ada pendaftaran yang dibuka"),
        ("?show=all", "Belum ada pertemuan"),
        ("?q=zzz", "Tidak ada pertemuan yang cocok"),
    ],
)
def test_an_empty_list_says_why_it_is_empty(browser: Browser, query: str, said: str) -> None:
    with database.sessions.begin() as session:
        session.execute(text("UPDATE meeting SET status = 'draft'"))
    assert f"<h2>{said}</h2>" in browser.get(f"/registration/{query}").text


def test_a_region_is_asked_for_by_its_code(browser: Browser) -> None:
    api = "/registration/api/v1/regions"
    batam = browser.get(f"{api}/21.71")
    assert (batam.json()["code"], batam.json()["name"]) == ("21.71", "Kota Batam")
    assert browser.get(f"{api}?q=21.71").json()["items"][0] == batam.json()
    assert browser.get(f"{api}/99.99").status_code == 404
