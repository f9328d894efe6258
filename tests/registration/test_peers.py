"""Participants of one meeting see each other, so far as each agreed, and nobody else sees them."""

import re

import pytest
from deskwork import KEPRI
from registering import Browser, open_meeting, registration
from registration.personal_data import approve, asked
from sites import form_token
from sqlalchemy import update

from services.registration import data_requests, peers
from services.registration.models import Consent, Meeting
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


def comes(browser: Browser, meeting: Meeting, name: str, **changes: str) -> str:
    """An approved participant whom the others may see, if not said otherwise; their own page."""
    address = name.lower().replace(" ", ".")
    fields = {"name": name, "email": f"{address}@contoh.id", "directory_consent": "yes"} | changes
    own = browser.registers(meeting, **fields)
    approve(meeting, registration(own).id)
    return own


def seen(browser: Browser, own: str, query: str = "") -> list[str]:
    """The names on somebody's list."""
    page = browser.get(f"{own}/peers{query}")
    assert page.status_code == 200
    return re.findall(r'<th role="rowheader" scope="row">([^<]+)', page.text)


def test_participants_see_who_agreed_and_of_each_what_they_agreed_to(browser: Browser) -> None:
    meeting = open_meeting()
    own = comes(browser, meeting, "Ani Contoh", directory_consent="")
    comes(browser, meeting, "Budi Contoh", position="Pustakawan", phone="0812 3456 7890")
    comes(browser, meeting, "Cici Contoh", directory_consent="")
    old = comes(browser, meeting, "Dodi Contoh", position="Kepala")
    with database.sessions.begin() as session:
        mine = Consent.registration_id == registration(old).id
        session.execute(update(Consent).where(mine).values(text_version="2026-3"))

    assert f'href="{own}/peers"' in browser.get(own).text
    page = browser.get(f"{own}/peers")
    assert page.headers["cache-control"] == "private, no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    assert seen(browser, own) == ["Budi Contoh", "Dodi Contoh"]
    for shown in ("Pustakawan", "Perpustakaan Desa Contoh", "Kab. Bintan", "Anda sendiri tidak"):
        assert shown in page.text
    for hidden in ("budi.contoh", "34567890", "3456 7890", "Kepala", "Kec."):
        assert hidden not in page.text
    assert "Other participants" in browser.get(f"{own}/peers?lang=en").text


def test_the_list_is_of_one_meeting_and_of_approved_people(browser: Browser) -> None:
    meeting, other = open_meeting(), open_meeting()
    own = comes(browser, meeting, "Ani Contoh")
    comes(browser, other, "Budi Contoh")
    waits = browser.registers(meeting, name="Cici Contoh", directory_consent="yes")
    assert seen(browser, own) == []
    assert "Belum ada peserta yang tampil" in browser.get(f"{own}/peers").text
    elsewhere = registration(comes(browser, other, "Dodi Contoh")).id
    assert seen(browser, own, f"?after={elsewhere}") == []

    assert browser.get(f"{waits}/peers").status_code == 404
    assert "/peers" not in browser.get(waits).text
    assert browser.does(own, "cancel").status_code == 303
    assert browser.get(f"{own}/peers").status_code == 404
    assert browser.get("/r/palsu/peers").status_code == 404


def test_a_consent_taken_back_and_an_erasure_count_at_once(browser: Browser) -> None:
    meeting = open_meeting()
    own = comes(browser, meeting, "Ani Contoh")
    regrets, forgotten = (comes(browser, meeting, name) for name in ("Budi Satu", "Cici Dua"))
    assert seen(browser, own) == ["Budi Satu", "Cici Dua"]

    token = form_token(browser.get(f"{regrets}/data").text)
    data = {"form_token": token}
    assert browser.ask("POST", f"{regrets}/data/consents/directory", data=data).status_code == 303
    assert seen(browser, own) == ["Cici Dua"]
    assert seen(browser, regrets) == ["Ani Contoh", "Cici Dua"]

    request = asked(registration(forgotten).id)
    with database.sessions.begin() as session:
        data_requests.carry_out(session, KEPRI, request)
    assert seen(browser, own) == []


def test_a_long_list_is_searched_and_turned_page_by_page(browser: Browser) -> None:
    meeting = open_meeting()
    own = comes(browser, meeting, "Ani Contoh")
    names = [f"Peserta {number:02}" for number in range(peers.PAGE + 2)]
    for name in names:
        comes(browser, meeting, name)
    first = browser.get(f"{own}/peers").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    assert seen(browser, own) == names[: peers.PAGE]
    assert seen(browser, own, following[1]) == names[peers.PAGE :]
    assert seen(browser, own, "?q=a+07") == ["Peserta 07"]
    assert seen(browser, own, "?q=Pengelola") == [], "a position is no way to find somebody"
    assert "Tidak ada peserta yang cocok" in browser.get(f"{own}/peers?q=Zzz").text
