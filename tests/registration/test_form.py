"""The form, from the choice of type to the own page, as a browser without JavaScript sends it."""

from html import unescape
from typing import Any

import pytest
from registering import (
    BOOTH,
    PERSON,
    VILLAGE,
    Browser,
    open_meeting,
    pdf,
    photo,
    registered,
    registration,
)
from sites import form_token
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from services.registration.meetings import QuotaPlan
from services.registration.models import Booth, Consent, Question, Upload
from services.registration.pages.filling import HONEYPOT
from services.registration.participant_types import TERMS
from services.registration.resources import database
from shared.limits import REFUSED

pytestmark = pytest.mark.usefixtures("registration_database")


def uploads_of(own: str) -> list[Upload]:
    with database.sessions.begin() as session:
        query = select(Upload).where(Upload.registration_id == registration(own).id)
        found = list(session.scalars(query.order_by(Upload.kind, Upload.id)))
        session.expunge_all()
    return found


def test_the_form_first_asks_as_what_one_comes(browser: Browser) -> None:
    page = browser.get(f"/meetings/{open_meeting().slug}/register")
    assert page.status_code == 200
    for code in TERMS:
        assert f'value="{code}"' in page.text
    assert 'name="email"' not in page.text


def test_each_type_is_asked_its_own_questions(browser: Browser) -> None:
    address = f"/meetings/{open_meeting().slug}/register"
    pages = {code: browser.get(address, params={"participant_type": code}).text for code in TERMS}
    assert {code for code, page in pages.items() if 'name="region_code"' not in page} == {
        "province_library"
    }
    assert {code for code, page in pages.items() if 'name="position"' not in page} == {"impact"}
    assert "Perpustakaan pendamping" in pages["impact"]
    assert 'name="assignment_letter"' not in pages["impact"]
    assert 'data-least="4"' in pages["village_library"]
    assert 'data-deepest="2"' in pages["regency_library"]


def test_an_unknown_type_leads_back_to_the_choice(browser: Browser) -> None:
    meeting = open_meeting()
    address = f"/meetings/{meeting.slug}/register"
    for answer in (
        browser.get(address, params={"participant_type": "presiden"}),
        browser.ask("POST", address, data={"name": "Peserta Contoh"}),
    ):
        assert answer.status_code == 422
        assert "Pilih Anda datang sebagai apa." in answer.text


@pytest.mark.parametrize(
    ("participant_type", "region_code", "taken"),
    [
        ("village_library", "21.01", False),
        ("village_library", "21.01.04", False),
        ("village_library", VILLAGE, True),
        ("champion_village", "21.01.04", False),
        ("regency_library", "21.01", True),
        ("regency_library", VILLAGE, False),
        ("impact", "21.01", True),
        ("impact", VILLAGE, True),
        ("province_library", "", True),
    ],
)
def test_a_type_comes_from_a_region_of_its_level(
    browser: Browser, participant_type: str, region_code: str, taken: bool
) -> None:
    meeting = open_meeting()
    changes = {"participant_type": participant_type, "region_code": region_code}
    answer = browser.fill_in(meeting, PERSON | changes)
    assert answer.status_code == (303 if taken else 422)
    assert registered(meeting) == taken
    body: dict[str, Any] = PERSON | changes | {"consent": True, "name": "Lewat Program"}
    body["region_code"] = region_code or "21"
    over_json = browser.ask("POST", f"/api/v1/meetings/{meeting.slug}/registrations", json=body)
    assert over_json.status_code == (201 if taken else 422)
    if not taken:
        assert over_json.json()["code"] == "region-level"


def test_everything_on_the_form_arrives(browser: Browser) -> None:
    typed = BOOTH | {
        "phone": "0812-3456-7890",
        "nik": "2101 0405 0580 0001",
        "diet": "Vegetarian",
        "access": "Kursi roda",
        "lodging": "yes",
        "photo_consent": "yes",
    }
    own = browser.registers(open_meeting(), **typed)
    person = registration(own)
    assert person.status == "submitted"
    assert person.phone == "+6281234567890"
    assert person.nik is not None
    assert person.nik_fingerprint is not None
    assert person.needs == {
        "diet": "Vegetarian",
        "access": "Kursi roda",
        "transport": "",
        "lodging": True,
    }
    with database.sessions.begin() as session:
        booth = session.get_one(Booth, person.id)
        assert (booth.title, booth.is_public, booth.state) == ("Keripik Contoh", True, "requested")
        assert booth.products == [{"name": "Keripik pisang", "price": 25000, "description": ""}]
        query = select(Consent.purpose).where(Consent.registration_id == person.id)
        assert set(session.scalars(query)) == {"registration", "photo", "gallery"}


def test_files_are_kept_between_attempts_and_then_belong_to_the_registration(
    browser: Browser,
) -> None:
    meeting = open_meeting()
    files = [
        ("assignment_letter", ("surat tugas.pdf", pdf())),
        ("booth_photo", ("satu.jpg", photo())),
        ("booth_photo", ("dua.jpg", photo("red"))),
    ]
    wrong = browser.fill_in(meeting, PERSON | BOOTH | {"email": "salah"}, files=files)
    assert wrong.status_code == 422
    assert "surat tugas.pdf" in wrong.text
    assert "sudah kami terima" in wrong.text
    again = PERSON | BOOTH | {"form_token": form_token(wrong.text)}
    replaced = [("assignment_letter", ("baru.jpg", photo()))]
    own = browser.fill_in(meeting, again, files=replaced).headers["location"]
    kept = uploads_of(own)
    assert [upload.kind for upload in kept] == ["assignment_letter", "booth_photo", "booth_photo"]
    assert kept[0].name == "baru.jpg"
    assert kept[0].media_type == "image/jpeg"
    page = browser.get(own).text
    assert "baru.jpg" in page


def test_a_file_that_is_none_of_ours_is_told_and_the_rest_is_kept(browser: Browser) -> None:
    files = [("assignment_letter", ("surat.pdf", b"MZ not a letter"))]
    answer = browser.fill_in(open_meeting(), PERSON, files=files)
    assert answer.status_code == 422
    assert 'href="#assignment_letter"' in answer.text
    assert "Peserta Contoh" in answer.text


def test_a_booth_has_four_photos_and_one_can_be_taken_back(browser: Browser) -> None:
    meeting = open_meeting()
    five = [("booth_photo", (f"{n}.jpg", photo("red"))) for n in range(5)]
    answer = browser.fill_in(meeting, PERSON | BOOTH, files=five)
    assert answer.status_code == 422
    assert "Paling banyak empat foto" in answer.text
    dropped = answer.text.split('name="drop_upload" value="')[1].split('"')[0]
    again = PERSON | BOOTH | {"form_token": form_token(answer.text), "drop_upload": dropped}
    own = browser.fill_in(meeting, again).headers["location"]
    assert len(uploads_of(own)) == 3


def test_a_booth_without_a_name_and_a_price_in_words_are_told_where_they_stand(
    browser: Browser,
) -> None:
    typed = PERSON | {"product_name_2": "Kopi", "product_price_2": "murah"}
    page = unescape(browser.fill_in(open_meeting(), typed).text)
    assert '<a href="#booth_title">Beri nama lapak Anda' in page
    assert '<a href="#product_price_2">Tulis harga dengan angka saja' in page


def test_changing_the_language_keeps_what_was_typed(browser: Browser) -> None:
    meeting = open_meeting()
    typed = PERSON | {"name": "Setengah Jadi", "switch_language": "en"}
    page = browser.fill_in(meeting, typed)
    assert page.status_code == 200
    assert '<html lang="en">' in page.text
    assert "Setengah Jadi" in page.text
    assert "You come as" in page.text
    own = browser.fill_in(meeting, PERSON | {"form_token": form_token(page.text)}).headers[
        "location"
    ]
    assert registration(own).language == "en"


def test_the_lists_of_regions_and_the_upload_button_register_nobody(browser: Browser) -> None:
    meeting = open_meeting()
    for button in ({"choose_region": "region_code", "region_code": "21.01"}, {"upload": "yes"}):
        page = browser.fill_in(meeting, PERSON | button)
        assert page.status_code == 200
        assert "Peserta Contoh" in page.text
        assert "error-summary" not in page.text
    assert registered(meeting) == 0


def test_who_finds_no_seat_is_told_which_is_full_and_may_wait_with_all_they_typed(
    browser: Browser,
) -> None:
    meeting = open_meeting(100, QuotaPlan("region", "21.01", 1))
    browser.registers(meeting)
    second = PERSON | {"name": "Peserta Kedua", "email": "kedua@contoh.id"}
    full = browser.fill_in(meeting, second)
    assert full.status_code == 409
    assert '<a href="#region_code">Tempat untuk kabupaten/kota ini sudah terisi.</a>' in full.text
    assert 'name="join_waiting_list" value="yes"' in full.text
    again = second | {"form_token": form_token(full.text), "join_waiting_list": "yes"}
    own = browser.fill_in(meeting, again).headers["location"]
    assert registration(own).status == "waiting"
    assert "Urutan Anda di daftar tunggu: 1." in browser.get(own).text


def test_who_is_registered_already_is_told_so_and_not_that_the_seats_are_taken(
    browser: Browser,
) -> None:
    meeting = open_meeting(1)
    browser.registers(meeting)
    again = browser.fill_in(meeting, PERSON)
    assert again.status_code == 409
    assert "sudah terdaftar" in again.text
    assert "join_waiting_list" not in again.text
    assert registered(meeting) == 1


def test_without_a_waiting_list_none_is_offered(browser: Browser) -> None:
    full = browser.fill_in(open_meeting(0, waiting_list=False), PERSON)
    assert full.status_code == 409
    assert "join_waiting_list" not in full.text


def test_who_is_registered_already_may_have_the_link_sent_again(browser: Browser) -> None:
    meeting = open_meeting()
    browser.registers(meeting)
    answer = browser.fill_in(meeting, PERSON)
    assert answer.status_code == 409
    assert "sudah terdaftar" in answer.text
    assert 'name="contact" value="peserta@contoh.id"' in answer.text
    assert registered(meeting) == 1


def test_a_double_click_is_one_registration(browser: Browser) -> None:
    meeting = open_meeting()
    page = browser.get(
        f"/meetings/{meeting.slug}/register", params={"participant_type": "village_library"}
    )
    typed = PERSON | {"form_token": form_token(page.text)}
    answers = [browser.fill_in(meeting, typed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert registered(meeting) == 1


def test_a_machine_in_the_trap_is_answered_as_everybody_and_saved_never(browser: Browser) -> None:
    meeting = open_meeting()
    trapped = REFUSED.labels("honeypot")._value
    before = trapped.get()
    answer = browser.fill_in(meeting, PERSON | {HONEYPOT: "https://contoh.id"})
    assert answer.status_code == 303
    assert "/registration/r/" in answer.headers["location"]
    assert registered(meeting) == 0
    assert trapped.get() == before + 1


def question(**fields: Any) -> Question:
    return Question(id=uuid7(), **fields)


def test_the_hosts_own_questions_are_asked_checked_and_stored(browser: Browser) -> None:
    meeting = open_meeting()
    with database.sessions.begin() as session:
        common = {"meeting_id": meeting.id}
        session.add(
            question(
                **common,
                key="kaos",
                position=1,
                type="choice",
                label="Ukuran kaos",
                required=True,
                options=[{"value": "m", "label": "M"}, {"value": "l", "label": "L"}],
            )
        )
        session.add(
            question(**common, key="foto", position=2, type="file", label="Foto rak", required=True)
        )
    missing = browser.fill_in(meeting, PERSON)
    assert missing.status_code == 422
    assert 'href="#q_kaos"' in missing.text
    assert 'href="#q_foto"' in missing.text
    typed = PERSON | {"q_kaos": "l", "form_token": form_token(missing.text)}
    answer = browser.fill_in(meeting, typed, files=[("q_foto", ("rak.jpg", photo()))])
    person = registration(answer.headers["location"])
    [upload] = uploads_of(answer.headers["location"])
    assert person.answers == {"kaos": "l", "foto": str(upload.id)}
    assert upload.kind == "answer:foto"
    body = {**PERSON, "consent": True, "name": "Lewat Program", "answers": {"kaos": "xl"}}
    over_json = browser.ask("POST", f"/api/v1/meetings/{meeting.slug}/registrations", json=body)
    assert over_json.status_code == 422
    assert over_json.json()["code"] == "answers"
    assert over_json.json()["errors"][0]["field"] == "q_kaos"


def test_a_library_that_is_not_in_the_directory_is_kept_by_its_name(browser: Browser) -> None:
    own = browser.registers(open_meeting(), library_id=str(uuid7()))
    assert registration(own).library_id is None
    assert registration(own).library_name == "Perpustakaan Desa Contoh"


def test_the_form_is_light(browser: Browser) -> None:
    page = browser.get(
        f"/meetings/{open_meeting().slug}/register",
        params={"participant_type": "village_library"},
    )
    assert len(page.content) < 25_000
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_what_forms_left_behind_goes(browser: Browser) -> None:
    from services.registration import uploads

    meeting = open_meeting()
    browser.fill_in(
        meeting, PERSON | {"email": "salah"}, files=[("assignment_letter", ("a.pdf", pdf()))]
    )
    with database.sessions.begin() as session:
        session.execute(text("UPDATE upload SET created_at = now() - interval '3 days'"))
        assert uploads.forget_unfinished(session) >= 1
        assert uploads.sweep(session) == 0  # all of them are young
        left = text("SELECT count(*) FROM upload WHERE form_id IS NOT NULL")
        assert session.execute(left).scalar_one() == 0
