"""A library reports on its own page, by account or by link, without JavaScript."""

from pathlib import Path

import pytest
from reporting.builders import Office
from reporting.libraries import BINTAN, KEPRI, RIAU, library
from reporting.own import column, filled, hidden, librarian, link_of, report_path, send
from sites import form_token
from uuid_utils.compat import uuid7

from services.reporting import activities, jobs
from services.reporting.resources import database
from shared.security import Caller

OWN = "/reporting/own"


def stage(number: int) -> None:
    """Somebody above decided."""
    assert column("UPDATE activity SET stage = :stage RETURNING id", stage=number)


def test_an_activity_is_reported_by_account_and_counts(empty: Path) -> None:
    assert empty
    office = librarian(library())
    page = office.get(OWN).text
    assert "Belum ada laporan" in page
    assert page.count("Belum ada dalam dua belas bulan ini") == 3, "and no empty charts"
    form = filled(office, OWN, male="4", female="20")
    answer = send(office, f"{OWN}/new/pelibatan", form)
    page = office.get(answer.headers["location"]).text
    assert "Laporan sudah kami terima" in page
    assert "Menunggu verifikasi" in page
    assert "Kelas membatik warga" in office.get(OWN).text
    jobs.apply_deltas()
    assert column("SELECT people FROM library_rollup") == [24]


def test_a_link_opens_the_same_page_until_it_is_revoked(empty: Path) -> None:
    assert empty
    mine = library()
    nobody, link = Office(), link_of(mine)
    page = nobody.get(link)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "private, no-store"
    answer = send(nobody, f"{link}/new/pelibatan", filled(nobody, link))
    assert report_path(answer).startswith(f"{link}/activities/")
    assert column("SELECT submitted_by FROM activity") == ["Perpustakaan Contoh"]

    official = Office(BINTAN)
    desk = f"{OWN}/links/{mine}"
    token = form_token(official.get(desk).text)
    made = official.post(desk, data={"form_token": token, "action": "make"}).text
    assert f"http://test{OWN}/l/" in made
    official.post(desk, data={"form_token": token, "action": "revoke"})
    over = nobody.get(link)
    assert over.status_code == 404
    assert "/reporting/own/start" in over.text
    assert nobody.get(link_of(mine)).status_code == 200


def test_officials_elsewhere_make_no_link(empty: Path) -> None:
    assert empty
    desk = f"{OWN}/links/{library()}"
    assert Office(RIAU).get(desk).status_code == 404
    assert Office(RIAU).post(desk, data={"action": "make"}).status_code == 404
    forged = Office(KEPRI).post(desk, data={"form_token": "palsu", "action": "revoke"})
    assert forged.status_code == 422
    assert column("SELECT link_version FROM library") == [0]


@pytest.mark.parametrize("path", ["", "/activities", "/new/pelibatan"])
def test_an_account_without_a_library_and_a_made_up_link_open_nothing(
    empty: Path, path: str
) -> None:
    assert empty
    homeless = Office(Caller("library", "Tanpa Perpustakaan", "tanpa", "21.01.06.2001"))
    assert homeless.get(f"{OWN}{path}").status_code == 404
    assert Office().get(f"{OWN}/l/dibuat-buat{path}").status_code == 404


def test_who_is_not_signed_in_is_told_how(empty: Path) -> None:
    assert empty
    assert "sign-in/code?next=" in Office().get(f"{OWN}/start").text
    assert librarian(library()).get(f"{OWN}/start").headers["location"] == OWN
    assert "bukan akun perpustakaan" in Office(KEPRI).get(f"{OWN}/start").text


def test_what_was_typed_is_kept_beside_what_is_wrong(empty: Path) -> None:
    assert empty
    office = librarian(library())
    form = filled(office, OWN, people="24", male="4", female="21", bidang="")
    answer = send(office, f"{OWN}/new/pelibatan", form)
    assert answer.status_code == 422
    assert 'href="#male"' in answer.text
    assert 'href="#bidang"' in answer.text
    assert 'value="Kelas membatik warga"' in answer.text
    assert hidden(answer.text)["client_ref"] == form["client_ref"]
    assert column("SELECT count(*) FROM activity") == [0]


def test_what_may_be_skipped_is_closed_until_it_holds_something(empty: Path) -> None:
    assert empty
    office = librarian(library())
    closed, opened = '<details class="field">', '<details class="field" open>'
    assert closed in office.get("/reporting/own/new/pelibatan").text
    for typed in ({"female": "1", "title": ""}, {"female": "one"}):
        page = office.post(
            "/reporting/own/new/pelibatan", data=filled(office, "/reporting/own", **typed)
        )
        assert (page.status_code, opened in page.text) == (422, True)
    page = office.post(
        "/reporting/own/new/pelibatan", data=filled(office, "/reporting/own", title="")
    )
    assert closed in page.text
    news = office.get("/reporting/own/new/publikasi").text
    assert news.index("<details") < news.index('name="link"') < news.index('name="evidence"')


def test_a_form_that_was_open_too_long_comes_back_with_all_it_held(empty: Path) -> None:
    assert empty
    office = librarian(library())
    form = filled(office, OWN, form_token="lama")
    answer = send(office, f"{OWN}/new/pelibatan", form)
    assert answer.status_code == 422
    assert "terlalu lama terbuka" in answer.text
    form["form_token"] = hidden(answer.text)["form_token"]
    assert send(office, f"{OWN}/new/pelibatan", form).status_code == 303


def test_a_question_is_asked_back_until_it_is_answered(empty: Path) -> None:
    assert empty
    office = librarian(library())
    first = report_path(send(office, f"{OWN}/new/pelibatan", filled(office, OWN)))
    form = filled(office, OWN, title="Kelas membatik wargaa")
    asked = send(office, f"{OWN}/new/pelibatan", form)
    assert asked.status_code == 422
    assert "Laporan yang mirip" in asked.text
    assert f'href="{first}"' in asked.text
    assert 'value="duplicate"' in asked.text
    form["confirmed"] = ["long-ago", "duplicate"]
    assert send(office, f"{OWN}/new/pelibatan", form).status_code == 303
    assert column("SELECT count(*) FROM activity") == [2]


def test_a_double_click_is_one_report(empty: Path) -> None:
    assert empty
    office = librarian(library())
    form = filled(office, OWN)
    first, second = (send(office, f"{OWN}/new/pelibatan", form) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert column("SELECT count(*) FROM activity") == [1]


def test_the_same_form_with_other_content_shows_both_and_lets_one_choose(empty: Path) -> None:
    assert empty
    office = librarian(library())
    form = filled(office, OWN)
    path = report_path(send(office, f"{OWN}/new/pelibatan", form))
    both = send(office, f"{OWN}/new/pelibatan", form | {"people": "25", "sasaran": "Umum"})
    assert both.status_code == 409
    assert "<mark>25</mark>" in both.text
    assert column("SELECT people FROM activity") == [24]
    mine = hidden(both.text) | {"confirmed": ["long-ago"]}
    assert mine["people"] == "25"
    assert send(office, f"{path}/edit", mine).status_code == 303
    assert column("SELECT people FROM activity") == [25]
    other = mine | {"title": "Lomba bercerita", "confirmed": ["long-ago"]}
    assert send(office, f"{OWN}/new/pelibatan", other).status_code == 303
    assert column("SELECT people FROM activity ORDER BY id") == [25, 25]


def test_a_report_that_came_back_stands_first_and_is_corrected(empty: Path) -> None:
    assert empty
    office = librarian(library())
    path = report_path(send(office, f"{OWN}/new/pelibatan", filled(office, OWN)))
    with database.sessions.begin() as session:
        ids = column("SELECT id FROM activity")
        activities.send_back(session, BINTAN, ids, "Jumlah pesertanya keliru?")
    page = office.get(OWN).text
    assert "Jumlah pesertanya keliru?" in page
    assert f'href="{path}/edit"' in page
    form = hidden(office.get(f"{path}/edit").text)
    answer = send(office, f"{path}/edit", filled(office, OWN, people="30") | form)
    told = office.get(answer.headers["location"]).text
    assert "Perubahan sudah disimpan" in told
    assert "24 → <strong>30</strong>" in told
    assert column("SELECT stage FROM activity") == [0]


def test_a_report_that_changed_meanwhile_is_not_overwritten(empty: Path) -> None:
    assert empty
    office = librarian(library())
    path = report_path(send(office, f"{OWN}/new/pelibatan", filled(office, OWN)))
    opened = hidden(office.get(f"{path}/edit").text)
    theirs = filled(office, OWN, people="30") | opened
    assert send(office, f"{path}/edit", theirs).status_code == 303
    both = send(office, f"{path}/edit", filled(office, OWN, people="40") | opened)
    assert both.status_code == 409
    assert "berubah sejak Anda membukanya" in both.text
    chosen = hidden(both.text) | {"confirmed": ["long-ago"]}
    assert send(office, f"{path}/edit", chosen).status_code == 303
    assert column("SELECT people FROM activity") == [40]


def test_a_verified_report_is_only_shown(empty: Path) -> None:
    assert empty
    office = librarian(library())
    path = report_path(send(office, f"{OWN}/new/pelibatan", filled(office, OWN)))
    form = hidden(office.get(f"{path}/edit").text)
    stage(1)
    assert office.get(f"{path}/edit").status_code == 409
    refused = send(office, f"{path}/edit", filled(office, OWN, people="30") | form)
    assert refused.status_code == 409
    assert "sudah diverifikasi" in refused.text
    assert office.post(f"{path}/delete", data=form).status_code == 409
    assert column("SELECT people FROM activity WHERE deleted_at IS NULL") == [24]


def test_a_report_is_deleted_and_stays_in_the_history(empty: Path) -> None:
    assert empty
    office = librarian(library())
    path = report_path(send(office, f"{OWN}/new/pelibatan", filled(office, OWN)))
    token = {"form_token": form_token(office.get(path).text)}
    assert office.post(f"{path}/delete", data={"form_token": "palsu"}).status_code == 409
    assert office.post(f"{path}/delete", data=token).status_code == 303
    assert "Dihapus" in office.get(path).text
    assert office.get(f"{path}/edit").status_code == 409
    assert "Kelas membatik" not in office.get(f"{OWN}/activities").text


def test_no_library_sees_anothers_report(empty: Path) -> None:
    assert empty
    office, other = librarian(library()), librarian(library(name="Perpustakaan Tetangga"))
    path = report_path(send(office, f"{OWN}/new/pelibatan", filled(office, OWN)))
    assert other.get(path).status_code == 404
    assert other.get(f"{path}/edit").status_code == 404
    stolen = filled(other, OWN, people="1")
    assert send(other, f"{path}/edit", stolen).status_code == 404
    assert other.post(f"{path}/delete", data=stolen).status_code == 404


def test_what_a_merged_library_sends_is_its_successors(empty: Path) -> None:
    assert empty
    old, heir = library(), library(name="Perpustakaan Gabungan")
    column(
        "UPDATE library SET merged_into = :heir WHERE id = :old RETURNING id", heir=heir, old=old
    )
    for office, address in ((librarian(old), OWN), (Office(), link_of(old))):
        assert "Perpustakaan Gabungan" in office.get(address).text


def test_a_merged_librarys_link_is_its_successors_and_ends_with_that(empty: Path) -> None:
    assert empty
    mine, next_door = library(), library("21.02.01.2001", "Perpustakaan Tetangga")
    before = link_of(mine)
    merged = "UPDATE library SET merged_into = :heir, active = false WHERE id = :old RETURNING id"
    column(merged, heir=next_door, old=mine)
    nobody, desk = Office(), f"{OWN}/links/{mine}"
    assert "Perpustakaan Tetangga" in nobody.get(before).text
    official = Office(BINTAN)
    token = form_token(official.get("/reporting/locks").text)
    assert official.get(desk).status_code == 404
    for action in ("make", "revoke"):
        sent = {"form_token": token, "action": action}
        assert official.post(desk, data=sent).status_code == 404

    theirs = Office(Caller("regency", "Kabupaten Tetangga", "karimun", "21.02"))
    page = theirs.get(desk)
    assert "Perpustakaan Tetangga" in page.text
    after = link_of(mine)
    assert nobody.get(after).status_code == 200
    sent = {"form_token": form_token(page.text), "action": "revoke"}
    assert theirs.post(f"{OWN}/links/{next_door}", data=sent).status_code == 200
    assert [nobody.get(link).status_code for link in (before, after)] == [404, 404]
    assert nobody.get(link_of(mine)).status_code == 200


def test_a_month_that_lacks_something_is_listed_with_its_forms(empty: Path) -> None:
    assert empty
    mine = library()
    office = librarian(mine)
    assert f"{OWN}/new/pengunjung?day=" in office.get(OWN).text
    form = hidden(office.get(f"{OWN}/new/pengunjung").text)
    form |= {"day": "2025-03", "male": "10", "female": "12", "confirmed": "long-ago"}
    assert send(office, f"{OWN}/new/pengunjung", form).status_code == 303
    assert column("SELECT people FROM activity") == [22]
    assert "Kunjungan" in office.get(OWN).text


def test_the_list_is_searched_filtered_and_paged(empty: Path) -> None:
    assert empty
    office = librarian(library())
    for number in range(22):
        title = f"{uuid7().hex} kegiatan {number}"
        assert (
            send(office, f"{OWN}/new/pelibatan", filled(office, OWN, title=title)).status_code
            == 303
        )
    page = office.get(f"{OWN}/activities").text
    assert "kegiatan 21" in page
    assert "kegiatan 1<" not in page
    after = page.split("after=")[1].split('"')[0]
    assert "kegiatan 1<" in office.get(f"{OWN}/activities?after={after}").text
    assert "kegiatan 7<" in office.get(f"{OWN}/activities?q=kegiatan+7").text
    assert "Tidak ada laporan yang cocok" in office.get(f"{OWN}/activities?stream=publikasi").text


@pytest.mark.parametrize(
    "stream",
    ["pelibatan", "advokasi", "publikasi", "pengunjung", "peningkatan", "cerita"],
)
def test_every_stream_has_its_form_in_both_languages(empty: Path, stream: str) -> None:
    assert empty
    office = librarian(library())
    for language in ("id", "en"):
        page = office.get(f"{OWN}/new/{stream}?lang={language}")
        assert page.status_code == 200
        assert 'name="client_ref"' in page.text


def test_replication_is_the_kabupatens_to_report(empty: Path) -> None:
    assert empty
    assert librarian(library()).get(f"{OWN}/new/replikasi").status_code == 404
