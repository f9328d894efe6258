"""Imports over HTTP: pages with their forms, the API, and words for all that can happen."""

import csv
import io
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from reporting import sim_files
from reporting.builders import BINTAN, KEPRI, NATIONAL, RIAU, Office
from reporting.libraries import library
from reporting.sim_files import activities, as_csv, as_json, execute, rows
from sim_rows import VILLAGE, sim_row
from sites import form_token

from services.reporting import import_words, jobs
from services.reporting.pages.common import pages
from services.reporting.resources import forms
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("empty")

PAGES = "/reporting/imports"
API = "/reporting/api/v1/imports"
BAD = [
    sim_row(tanggal="01/01/2099", nama_kegiatan="Besok &lt;b&gt;"),
    sim_row(jumlah_peserta="=banyak", bidang_kegiatan="Sihir"),
]


def hand_in(office: Office, data: bytes, name: str = "contoh.json", **more: Any) -> httpx.Response:
    form = {"form_token": forms.new_form()} | more
    return office.post(PAGES, data=form, files={"file": (name, data)})


def previewed(office: Office, data: bytes, **more: Any) -> str:
    """The page of a file that is read."""
    answer = hand_in(office, data, **more)
    assert answer.status_code == 303, answer.text
    page = str(answer.headers["location"])
    sim_files.run(UUID(page.rpartition("/")[2]))
    return page


def press(office: Office, page: str, action: str) -> httpx.Response:
    return office.post(page, data={"form_token": forms.new_form(), "action": action})


def test_a_file_is_handed_in_looked_at_taken_and_undone() -> None:
    library(VILLAGE)
    office = Office(KEPRI)
    assert "Belum ada impor" in office.get(PAGES).text
    waiting = hand_in(office, as_json([*rows(3), *BAD])).headers["location"]
    assert "data-progress" in office.get(waiting).text
    jobs.run_imports()
    page = office.get(waiting).text
    assert "Masukkan 3 baris" in page
    assert "Besok &lt;b&gt;" in page
    assert "“01/01/2099”</strong>" not in page
    assert "Tanggal ini belum tiba" in page
    assert "Tidak ada dalam daftar pilihan" in page
    assert press(office, waiting, "take").status_code == 303
    jobs.run_imports()
    assert "baris dimasukkan" in office.get(waiting).text
    assert 'data-label="Baris" class="number">5</td>' in office.get(PAGES).text
    assert press(office, waiting, "take").status_code == 303  # nothing is left of it
    jobs.run_imports()
    assert activities() == 3
    assert "3 laporan" in office.get(f"{waiting}/undo").text
    assert press(office, waiting, "undo").status_code == 303
    jobs.run_imports()
    assert activities() == 0
    assert "Ditarik kembali" in office.get(waiting).text
    assert press(office, waiting, "undo").status_code == 409
    assert office.get(f"{waiting}/undo").status_code == 409


def test_the_rejected_rows_come_back_as_a_table_that_can_be_mended() -> None:
    library(VILLAGE)
    office = Office(KEPRI)
    page = previewed(office, as_json([*rows(3), *BAD]))
    answer = office.get(f"{page}/bad.csv")
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [line["Baris"] for line in lines] == ["4", "5"]
    assert "tanggal: Tanggal ini belum tiba" in lines[0]["Yang perlu diperbaiki"]
    assert lines[1]["jumlah_peserta"] == "'=banyak"
    lines[0]["tanggal"], lines[1]["jumlah_peserta"] = "01/03/2026", "5"
    lines[1]["bidang_kegiatan"] = "Ekonomi"
    mended = previewed(office, as_csv(lines))
    assert "Masukkan 2 baris" in office.get(mended).text


def test_a_wrong_upload_is_told_and_a_form_sent_twice_is_one_import() -> None:
    office = Office(KEPRI)
    empty = office.post(PAGES, data={"form_token": forms.new_form()})
    assert empty.status_code == 422
    assert "Pilih berkasnya dahulu" in empty.text
    wrong = hand_in(office, b"\x00\x01", stream="publikasi")
    assert wrong.status_code == 422
    assert "Jenis berkas ini tidak dikenal" in wrong.text
    assert '<option value="publikasi" selected>' in wrong.text
    assert hand_in(office, as_json(rows(1)), stream="sihir").status_code == 422
    assert hand_in(office, as_json(rows(1)), form_token="forged").status_code == 422
    token = forms.new_form()
    for _ in range(2):
        assert hand_in(office, as_json(rows(1)), form_token=token).status_code == 303
    assert execute("SELECT count(*) FROM sim_import") == [(1,)]
    damaged = previewed(office, b"[{")
    assert "rusak atau terpotong" in office.get(damaged).text


def test_imports_are_listed_and_searched_in_their_region() -> None:
    office = Office(Caller("province", "Petugas Kepri kedua (contoh)", "second", "21"))
    for number in range(22):
        hand_in(office, as_json([sim_row(number)]), f"berkas-{number:02}.json")
        execute("UPDATE sim_import SET state = 'cancelled'")  # few are open at a time
    first = office.get(PAGES).text
    assert "berkas-21.json" in first
    assert "berkas-01.json" not in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    assert "berkas-01.json" in office.get(f"{PAGES}{following[1]}").text
    assert "berkas-07.json" in office.get(f"{PAGES}?q=berkas-07").text
    assert "Tidak ada berkas yang cocok" in office.get(f"{PAGES}?q=tidak").text
    for other in (RIAU, BINTAN):
        assert "Belum ada impor" in Office(other).get(PAGES).text
    english = office.get(PAGES, headers={"accept-language": "en"}).text
    assert "Upload and check" in english


def test_a_name_is_matched_on_its_page_remembered_and_forgotten() -> None:
    ours = library(VILLAGE, "Perpustakaan Mawar")
    office = Office(KEPRI)
    page = previewed(office, as_json(rows(2, perpus_nama="<b>Melati</b>")))
    assert "belum dipasangkan" in office.get(page).text
    places = office.get(f"{page}/places")
    assert "&lt;b&gt;Melati&lt;/b&gt;" in places.text
    assert str(ours) in places.text
    [key] = re.findall('name="key" value="([^"]+)"', places.text)
    form = {"form_token": form_token(places.text), "key": key}
    assert office.post(f"{page}/places", data=form | {"choice": ""}).status_code == 422
    assert office.post(f"{page}/places", data=form | {"choice": "nonsense"}).status_code == 422
    one = office.get(f"{page}/places", params={"key": key, "q": "mawar"}).text
    assert "Perpustakaan Mawar" in one
    done = office.post(f"{page}/places", data=form | {"choice": str(ours)})
    assert "1 nama dipasangkan" in office.get(done.headers["location"]).text
    assert "Masukkan 2 baris" in office.get(page).text
    matches = office.get(f"{PAGES}/matches")
    assert "Perpustakaan Mawar" in matches.text
    forget = {"form_token": form_token(matches.text), "key": key, "scope": ""}
    assert Office(RIAU).post(f"{PAGES}/matches", data=forget).status_code == 404
    assert office.post(f"{PAGES}/matches", data=forget).status_code == 303
    assert "Belum ada yang diingat" in office.get(f"{PAGES}/matches").text


def test_the_rows_are_shown_with_what_is_to_be_looked_at() -> None:
    library(VILLAGE)
    office = Office(KEPRI)
    page = previewed(office, as_json([sim_row(1), sim_row(tanggal="2026-01-01"), *rows(60)]))
    assert "Tanggalnya 1 Januari" in office.get(f"{page}/rows?kind=noted").text
    first = office.get(f"{page}/rows").text
    assert "after=50" in first
    assert "Baris 62" in office.get(f"{page}/rows?after=50").text


def test_the_preview_says_which_rows_are_here_already() -> None:
    library(VILLAGE)
    office = Office(KEPRI)
    press(office, previewed(office, as_json(rows(2))), "take")
    jobs.run_imports()
    page = previewed(office, as_json(rows(3)))
    preview = office.get(page).text
    assert "2 baris sudah ada di Sejawat" in preview
    assert "Masukkan 1 baris" in preview
    known = office.get(f"{page}/rows?kind=known").text
    assert known.count("Sudah ada</span>") == 2
    assert "Baris 3" not in known
    assert "Selesai, tidak ada yang baru" in office.get(previewed(office, as_json(rows(2)))).text


def test_likely_duplicates_are_left_out_until_they_are_ticked() -> None:
    library(VILLAGE)
    office = Office(KEPRI)
    page = previewed(office, as_json([sim_row(1), sim_row(1), sim_row(2)]))
    preview = office.get(page).text
    assert "Masukkan 2 baris" in preview
    assert "Masukkan juga 1 baris yang mungkin ganda" in preview
    press(office, page, "take")
    jobs.run_imports()
    assert activities() == 2
    assert "Masukkan yang dicentang" in office.get(page).text
    token = {"form_token": forms.new_form(), "action": "take"}
    assert office.post(page, data=token | {"twins": "yes"}).status_code == 303
    jobs.run_imports()
    assert activities() == 3
    assert "mungkin ganda" not in office.get(page).text


def test_a_file_without_dates_takes_its_month_from_the_form() -> None:
    office = Office(KEPRI)
    told = as_json([{"kabupaten": "Bintan", "dana": 5, "sumber_dana": "APBD", "jumlah_desa": 3}])
    without = previewed(office, told)
    assert "tidak menyebut tanggal" in office.get(without).text
    wrong = hand_in(office, told, period="2099-01")
    assert wrong.status_code == 422
    assert "Pilih bulan yang sudah berjalan" in wrong.text
    assert 'value="2099-01"' in wrong.text
    page = previewed(office, told, period="2025-07")
    assert "Juli 2025" in office.get(page).text
    assert "dihitung pada bulan yang dipilih" in office.get(f"{page}/rows?kind=noted").text
    files = {"file": ("x", told)}
    assert office.post(API, files=files, data={"period": "Juli"}).json()["code"] == "period"
    made = office.post(API, files=files, data={"period": "2025-07"})
    assert made.json()["period"] == "2025-07"


def test_the_whole_way_over_the_api() -> None:
    ours = library(VILLAGE, "Perpustakaan Mawar")
    office = Office(KEPRI)
    told = [sim_row(1, perpus_nama="Melati"), sim_row(2, perpus_nama="Anggrek"), *BAD]
    answer = office.post(API, files={"file": ("contoh.json", as_json(told))})
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]
    assert answer.json()["status"] in {"queued", "running"}
    jobs.run_imports()
    status = office.get(place).json()
    assert (status["status"], status["step"]) == ("done", "ready")
    assert (status["counts"]["open"], status["counts"]["bad"]) == (2, 2)
    bad = office.get(f"{place}/rows?kind=bad").json()["items"]
    assert bad[0]["errors"] == {"tanggal": "future"}
    names = office.get(f"{place}/places").json()["items"]
    assert names[0]["candidates"][0]["id"] == str(ours)
    for library_id, one in zip((str(ours), None), names, strict=True):
        sent = {"key": one["key"], "library_id": library_id}
        assert office.post(f"{place}/places", json=sent).status_code == 200
    assert office.post(f"{place}/take").status_code == 202
    jobs.run_imports()
    assert office.get(place).json()["counts"]["taken"] == 1
    assert office.get(API).json()["items"][0]["step"] == "done"
    assert office.post(f"{place}/cancel").json()["step"] == "done"
    assert office.post(f"{place}/undo").status_code == 202
    jobs.run_imports()
    assert office.get(place).json()["step"] == "undone"


def test_refusals_of_the_api_are_problem_details() -> None:
    office = Office(KEPRI)
    assert office.post(API, files={"other": ("x", b"x")}).json()["code"] == "no-file"
    assert office.post(API, files={"file": ("x", b"\x00")}).json()["code"] == "wrong-kind"
    made = office.post(API, files={"file": ("x", as_json(rows(1)))}, data={"stream": "sihir"})
    assert made.json()["code"] == "stream"
    place = office.post(API, files={"file": ("x", as_json(rows(1)))}).headers["location"]
    assert office.post(f"{place}/undo").json()["code"] == "not-ready"
    jobs.run_imports()
    sent = {"key": "tidak|ada", "library_id": None}
    assert office.post(f"{place}/places", json=sent).status_code == 404
    for path in (place, f"{place}/rows", f"{place}/places"):
        assert Office(RIAU).get(path).status_code == 404
    assert Office(RIAU).post(f"{place}/take").status_code == 404
    assert Office().get(place).status_code == 401


def test_a_region_is_moved_by_the_national_office_alone() -> None:
    office = Office(NATIONAL)
    form = {"from_code": VILLAGE, "to_code": "21.02", "valid_from": "2026-03-10"}
    sent = {"form_token": forms.new_form()} | form
    wrong = office.post("/reporting/moves", data=sent)
    assert wrong.status_code == 422
    assert "sama tingkatnya" in wrong.text
    assert f'value="{VILLAGE}"' in wrong.text
    assert office.post("/reporting/moves", data=sent | {"valid_from": ""}).status_code == 422
    good = sent | {"to_code": sim_files.NEIGHBOUR}
    assert Office(KEPRI).post("/reporting/moves", data=good).status_code == 403
    assert office.post("/reporting/moves", data=good).status_code == 303
    jobs.move_regions()
    page = office.get("/reporting/moves").text
    assert sim_files.NEIGHBOUR in page
    assert "Selesai" in page
    assert "Tidak ada perubahan yang cocok" in office.get("/reporting/moves?q=99.99").text


# --- words ---------------------------------------------------------------------------------

SOURCES = Path(import_words.__file__).parent
SAID: dict[str, tuple[str, dict[str, Any]]] = {
    r'Unreadable\("([a-z-]+)"\)': ("sim_*.py", import_words.UNREADABLE),
    r'f?"(unexpected|gave-up):': ("sim_importing.py", import_words.UNREADABLE),
    r'Refused\("([a-z-]+)"\)': ("sim_files.py", import_words.REFUSED),
    r'_Mistake\("([a-z-]+)"\)': ("drafts.py", import_words.ERRORS),
    r'wrong\([^()]*"([a-z-]+)"\)': ("drafts.py", import_words.ERRORS),
    r'\(BY_(?:SEX|AGE), "([a-z-]+)"\)': ("drafts.py", import_words.ERRORS),
    r'refused\(\{"": "([a-z-]+)"': ("sim_*.py", import_words.ERRORS),
    r'\["day"\] = "([a-z-]+)"': ("sim_streams.py", import_words.ERRORS),
    r'"": "(iku)" if': ("sim_streams.py", import_words.ERRORS),
    r'else "(no-stream)"': ("sim_streams.py", import_words.ERRORS),
    r'notes\["([a-z-]+)"\]': ("sim_streams.py", import_words.NOTES),
    r'\{"([a-z-]+)": ""\} if': ("sim_*.py", import_words.NOTES),
    r'return \{"([a-z-]+)": ""\}': ("sim_twins.py", import_words.NOTES),
    r"THEN '([a-z-]+)'": ("sim_undoing.py", import_words.KEPT),
    r'BadMove\("([a-z-]+)"\)': ("boundaries.py", import_words.MOVES),
}


@pytest.mark.parametrize("pattern", SAID)
def test_whatever_the_engine_says_has_words(pattern: str) -> None:
    files, words = SAID[pattern]
    sources = "".join(path.read_text() for path in sorted(SOURCES.glob(files)))
    said = set(re.findall(pattern, sources))
    assert said
    assert said <= words.keys()


def test_all_words_are_there_in_both_languages() -> None:
    tables: list[dict[str, Any]] = [
        value
        for name, value in vars(import_words).items()
        if name.isupper() and isinstance(value, dict)
    ]
    for table in tables:
        for value in table.values():
            sentence = value if isinstance(value, str) else value[1]
            indonesian, _, english = pages.bilingual(sentence).partition(" / ")
            assert indonesian
            assert english != indonesian, sentence
