"""The verifier's desk, locks and completeness over HTTP: forms, refusals, scope, and the API."""

import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from reporting.builders import BINTAN, KEPRI, NATIONAL, RIAU, Office
from reporting.libraries import TODAY, library
from reporting.verifying import add_up, execute, get, history, report, visitors
from sim_rows import VILLAGE

from services.reporting.pages.verify_common import short_place
from services.reporting.resources import forms
from shared import regions

pytestmark = pytest.mark.usefixtures("empty")

DESK = "/reporting/verify"
API = "/reporting/api/v1/activities"
FORM = {
    "day": "2026-11-03",
    "title": "Kelas membatik warga",
    "bidang": "Ekonomi",
    "jenis": "Pelatihan",
    "sasaran": "Umum",
    "people": "30",
}


def send(office: Office, path: str, **data: Any) -> httpx.Response:
    return office.post(path, data={"form_token": forms.new_form()} | data)


def test_a_place_is_told_as_far_as_its_reader_does_not_know_it() -> None:
    name = "Perpustakaan Melati"
    village, district, regency, province = regions.get(VILLAGE).label.split(", ")
    assert short_place(name, VILLAGE, "21.01") == f"{village}, {district}"
    for scope in ("21", ""):
        assert short_place(name, VILLAGE, scope) == f"{village}, {district}, {regency}"
    assert short_place(f"Perpustakaan Desa {village}", VILLAGE, "21.01") == district
    assert short_place(name, "21", "") == province
    assert short_place(name, "21.99", "21") == "21.99", "it is known no more"
    report(library(VILLAGE, name))
    page = Office(BINTAN).get(DESK).text
    told = f'<small title="{regions.get(VILLAGE).label}">{village}, {district}</small>'
    assert told in page


def one(report_id: UUID) -> str:
    return f"{DESK}/activities/{report_id}"


def test_the_queue_lists_what_waits_with_filters_and_an_empty_state() -> None:
    office = Office(BINTAN)
    assert "Tidak ada yang menunggu Anda" in office.get(DESK).text
    batik = report(library(name="Perpustakaan Melati"))
    page = office.get(DESK).text
    assert "Kelas membatik warga" in page
    assert f"{batik}.1" in page
    assert "Perpustakaan Melati" in office.get(DESK, params={"q": "melati"}).text
    assert "Tidak ada laporan yang cocok" in office.get(DESK, params={"q": "mawar"}).text
    english = office.get(DESK, headers={"accept-language": "en"}).text
    assert "Verify reports" in english
    assert "Menunggu" not in english


def test_chosen_reports_are_verified_at_once_and_told() -> None:
    office, reports = Office(BINTAN), [report() for _ in range(3)]
    ids = [f"{id_}.1" for id_ in reports[:2]]
    done = send(office, f"{DESK}/decisions", ids=ids, action="verify")
    assert done.status_code == 303
    assert [get(id_).stage for id_ in reports] == [1, 1, 0]
    assert "2 laporan diverifikasi." in office.get(done.headers["location"]).text
    # A copy of the page that was open elsewhere knows the old revision.
    again = send(Office(KEPRI), f"{DESK}/decisions", ids=ids, action="verify")
    assert "2 laporan dibiarkan" in Office(KEPRI).get(again.headers["location"]).text


def test_sending_back_asks_for_words_and_keeps_what_was_chosen() -> None:
    office, id_ = Office(BINTAN), report()
    chosen = {"ids": f"{id_}.1", "action": "send_back"}
    asked = send(office, f"{DESK}/decisions", **chosen)
    assert asked.status_code == 200
    assert f'value="{id_}.1"' in asked.text
    wordless = send(office, f"{DESK}/decisions", **chosen, confirmed="yes", comment=" ")
    assert wordless.status_code == 422
    assert "Tulis apa yang perlu diperbaiki" in wordless.text
    words = {"confirmed": "yes", "comment": "Tanggalnya keliru."}
    assert send(office, f"{DESK}/decisions", **chosen, **words).status_code == 303
    assert history(id_)[-1][2] == "Tanggalnya keliru."


def test_all_that_match_are_counted_before_anything_changes() -> None:
    office, reports = Office(BINTAN), [report() for _ in range(3)]
    asked = send(office, f"{DESK}/decisions", everything="yes", action="verify")
    assert asked.status_code == 200
    assert "3 laporan." in asked.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    send(office, f"{DESK}/decisions", ids=f"{reports[0]}.1", action="verify")
    changed = office.post(f"{DESK}/decisions", data=hidden)
    assert changed.status_code == 409
    assert "Jumlahnya berubah" in changed.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', changed.text))
    assert office.post(f"{DESK}/decisions", data=hidden).status_code == 303
    assert {get(id_).stage for id_ in reports} == {1}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"action": "verify"}, "Pilih dahulu laporannya"),
        ({"ids": str(uuid4()), "action": "burn"}, "Pilih salah satu tombol"),
        ({"action": "verify", "form_token": "x"}, "terlalu lama terbuka"),
    ],
)
def test_a_refused_decision_is_the_list_again(data: dict[str, str], said: str) -> None:
    answer = send(Office(BINTAN), f"{DESK}/decisions", **data)
    assert answer.status_code == 422
    assert said in answer.text


def test_one_report_says_everything_and_the_next_one_follows() -> None:
    office = Office(BINTAN)
    first, second = report(), report(title="Lomba <b>mendongeng</b>")
    page = office.get(one(first)).text
    for said in ("Kelas membatik warga", "Ekonomi", "24", "Pengelola Contoh", "mirip", "Riwayat"):
        assert said in page
    assert one(second) in page
    assert "&lt;b&gt;mendongeng" in office.get(one(second)).text
    done = send(office, f"{one(first)}/decisions", action="verify", revision="1")
    assert done.headers["location"].startswith(one(second))
    last = send(office, f"{one(second)}/decisions", action="verify", revision="1")
    assert last.headers["location"].startswith(f"{DESK}?")


def test_what_changed_meanwhile_is_told_and_not_decided() -> None:
    office, id_ = Office(BINTAN), report()
    execute("UPDATE activity SET revision = 2")
    answer = send(office, f"{one(id_)}/decisions", action="verify", revision="1", comment="Baik.")
    assert answer.status_code == 409
    assert "berubah sejak Anda membukanya" in answer.text
    assert "Baik." in answer.text
    assert get(id_).stage == 0


def test_deleting_needs_a_reason_and_can_be_undone() -> None:
    office, id_ = Office(BINTAN), report()
    assert send(office, f"{one(id_)}/decisions", action="delete", revision="1").status_code == 422
    gone = send(office, f"{one(id_)}/decisions", action="delete", revision="1", comment="Ganda.")
    assert gone.status_code == 303
    page = office.get(one(id_)).text
    assert "Ganda." in page
    assert 'value="restore"' in page
    assert send(office, f"{one(id_)}/decisions", action="restore", revision="2").status_code == 303
    assert get(id_).deleted_at is None


def test_an_official_edits_with_history_and_keeps_what_was_typed() -> None:
    office, id_ = Office(BINTAN), report()
    assert 'value="Kelas membatik warga"' in office.get(f"{one(id_)}/edit").text
    typed = FORM | {"revision": "1", "title": "Judul yang baru", "people": "x"}
    wrong = send(office, f"{one(id_)}/edit", **typed, comment="Salah ketik.")
    assert wrong.status_code == 422
    assert 'value="Judul yang baru"' in wrong.text
    assert "Salah ketik." in wrong.text
    done = send(office, f"{one(id_)}/edit", **typed | {"people": "30"}, comment="Salah ketik.")
    assert done.status_code == 303
    assert (get(id_).title, get(id_).people) == ("Judul yang baru", 30)
    assert history(id_)[-1] == ("edited", BINTAN.name, "Salah ketik.")
    page = office.get(one(id_)).text
    assert "Kelas membatik warga → <strong>Judul yang baru" in page


def test_an_edit_of_what_changed_meanwhile_shows_both() -> None:
    office, id_ = Office(BINTAN), report()
    execute("UPDATE activity SET revision = 2, title = 'Judul orang lain'")
    answer = send(office, f"{one(id_)}/edit", **FORM | {"revision": "1", "title": "Judul saya"})
    assert answer.status_code == 409
    assert "Judul orang lain" in answer.text
    assert "<mark>Judul saya</mark>" in answer.text
    assert 'name="revision" value="2"' in answer.text
    asked = send(office, f"{one(id_)}/edit", **FORM | {"revision": "2", "day": "2026-01-01"})
    assert asked.status_code == 422
    assert "Tanggalnya 1 Januari" in asked.text


def test_neighbours_see_nothing() -> None:
    id_, neighbour = report(), Office(RIAU)
    for path in (one(id_), f"{one(id_)}/edit", f"{API}/{id_}", f"{API}/{id_}/history"):
        assert neighbour.get(path).status_code == 404, path
    refused = send(neighbour, f"{one(id_)}/decisions", action="verify", revision="1")
    assert refused.status_code == 404
    assert send(neighbour, f"{one(id_)}/edit", **FORM).status_code == 404
    assert "membatik" not in neighbour.get(DESK, params={"state": "all", "region": "21"}).text
    assert neighbour.get(API, params={"state": "all"}).json()["items"] == []


# --- over JSON -----------------------------------------------------------------------------


def test_programs_verify_send_back_edit_delete_and_restore() -> None:
    office, id_ = Office(BINTAN), report()
    address = f"{API}/{id_}"

    def decide(action: str, revision: int, comment: str = "") -> httpx.Response:
        body = {"action": action, "revision": revision, "comment": comment}
        return office.post(f"{address}/decisions", json=body)

    assert [item["id"] for item in office.get(API).json()["items"]] == [str(id_)]
    assert decide("verify", 1).json()["stage"] == 1
    assert decide("verify", 1).json()["revision"] == 2, "the same decision again"
    assert decide("send_back", 2).json()["code"] == "comment-missing"
    assert decide("send_back", 1, "Periksa.").json()["code"] == "changed-meanwhile"
    assert decide("send_back", 2, "Periksa.").json()["stage"] == -1
    change = {"revision": 3, "report": FORM, "comment": "Ditelepon."}
    assert office.ask("PUT", address, json=change).json()["report"]["people"] == 30
    assert decide("delete", 4, "Ganda.").json()["deleted"] is True
    assert decide("restore", 5).json()["deleted"] is False
    told = office.get(f"{address}/history").json()
    assert [line["action"] for line in told] == [
        *("submitted", "verified", "returned", "edited", "deleted", "restored")
    ]


def test_programs_decide_about_many_and_learn_what_was_left() -> None:
    office, reports = Office(BINTAN), [report(), report()]
    seen = [{"id": str(id_), "revision": n} for n, id_ in enumerate(reports, 1)]
    body = {"action": "verify", "reports": seen}
    for _ in range(2):
        answer = office.post(f"{API}/decisions", json=body)
        assert answer.json() == {"done": 1, "skipped": 1}


# --- locks and completeness ----------------------------------------------------------------


def test_a_month_is_locked_looked_at_and_opened_again() -> None:
    office = Office(BINTAN)
    report(day="2026-10-05")
    assert "Belum ada bulan yang dikunci" in office.get("/reporting/locks").text
    assert send(office, "/reporting/locks", month="").status_code == 422
    assert send(office, "/reporting/locks", month="2999-01").status_code == 422
    locked = send(office, "/reporting/locks", month="2026-10").headers["location"]
    assert send(office, "/reporting/locks", month="2026-10").status_code == 409
    assert "Tidak ada angka yang berubah" in office.get(locked).text
    late = report(day="2026-10-09", title="Terlambat masuk")
    page = office.get(locked).text
    assert "Tidak ada angka yang berubah" not in page
    assert "Terlambat masuk" in page
    assert one(late) in page
    assert "+1" in page
    assert Office(RIAU).get(locked).status_code == 404
    assert send(office, f"{locked}/unlock", comment="").status_code == 422
    assert send(office, f"{locked}/unlock", comment="Ada yang salah.").status_code == 303
    assert "Ada yang salah." in office.get(locked).text
    assert send(office, f"{locked}/unlock", comment="Lagi.").status_code == 409


def test_completeness_drills_down_and_keeps_to_the_readers_region() -> None:
    prompt, silent = library(name="Perpustakaan Rajin"), library(name="Perpustakaan Sunyi")
    library("14.01.02.2005", "Perpustakaan Tetangga")
    visitors(prompt, "2026-10", today=TODAY.replace(day=5))
    add_up()
    asked = {"month": "2026-10"}
    page = Office(NATIONAL).get("/reporting/completeness", params=asked).text
    assert "1 / 3" in page
    assert "?region=21&amp;month=2026-10" in page
    page = Office(KEPRI).get("/reporting/completeness", params=asked | {"region": "21"}).text
    assert "1 / 2" in page
    assert "Tetangga" not in page
    page = Office(BINTAN).get("/reporting/completeness", params=asked).text
    assert "Perpustakaan Rajin" in page
    assert page.count("Perpustakaan Sunyi") == 2, "with its months, and among the silent"
    address = f"/reporting/own/links/{silent}"
    assert f'href="{address}"' in page, "its own link is a step away"
    assert Office(BINTAN).get(address).status_code == 200
    told = Office(KEPRI).get("/reporting/api/v1/completeness/silent", params=asked).json()
    assert [item["id"] for item in told["items"]] == [str(silent)]


def test_completeness_as_json_and_csv() -> None:
    visitors(library(), "2026-10", today=TODAY.replace(day=5))
    library("14.01.02.2005")
    add_up()
    asked = {"month": "2026-10", "months": "1"}
    told = Office(KEPRI).get("/reporting/api/v1/completeness.json", params=asked).json()
    [row] = told["rows"]
    assert (row["region_code"], row["expected"], row["came"], row["in_time"]) == ("21.01", 1, 1, 1)
    for path in ("", ".json", ".csv", "/silent"):
        address = f"/reporting/api/v1/completeness{path}" if path else "/reporting/completeness"
        for region in ("14", "21.99", "%"):
            asked_for = asked | {"region": region}
            assert Office(KEPRI).get(address, params=asked_for).status_code == 404
    answer = Office(KEPRI).get("/reporting/api/v1/completeness.csv", params=asked)
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("region_code,region,month,expected")
    assert len(lines) == 3
    assert "14" not in {line.split(",")[0] for line in lines}
