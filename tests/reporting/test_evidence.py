"""Photos and documents of a report: judged, in three sizes, behind signed links."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from registering import pdf
from reporting.builders import Office
from reporting.libraries import BINTAN, KEPRI, RIAU, library
from reporting.own import (
    column,
    filled,
    hidden,
    librarian,
    link_of,
    photo,
    report_path,
    send,
)
from sqlalchemy import text

from services.reporting import evidence, jobs
from services.reporting.resources import database, evidence_files
from shared.security import Caller

OWN = "/reporting/own"
NEW = f"{OWN}/new/pelibatan"


def links(page: str) -> list[str]:
    """The signed addresses in a page, as often as they stand there once."""
    return list(dict.fromkeys(re.findall(r"/reporting/evidence/[\w.~-]+", page)))


def test_a_photo_is_kept_in_three_sizes_without_where_it_was_taken(empty: Path) -> None:
    assert empty
    office = librarian(library())
    answer = send(office, NEW, filled(office, OWN), ("kegiatan.jpg", photo()))
    page = office.get(report_path(answer)).text
    sizes = []
    for address in links(page):
        shown = office.get(address)
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["cache-control"] == "private, no-store"
        with Image.open(BytesIO(shown.content)) as image:
            assert not image.getexif()
            sizes.append(image.width)
    assert sorted(sizes) == [480, 960, 1600]


def test_a_document_is_saved_and_a_program_is_refused(empty: Path) -> None:
    assert empty
    office = librarian(library())
    refused = send(office, NEW, filled(office, OWN), ("acara.pdf", b"MZ\x90\x00 program"))
    assert refused.status_code == 422
    assert 'href="#evidence"' in refused.text
    form = filled(office, OWN)
    page = office.get(report_path(send(office, NEW, form, ("acara.pdf", pdf())))).text
    [address] = links(page)
    assert office.get(address).headers["content-disposition"].startswith("attachment")


def test_a_file_stays_when_the_form_comes_back_and_belongs_to_the_report_after(
    empty: Path,
) -> None:
    assert empty
    office = librarian(library())
    form = filled(office, OWN, title="")
    wrong = send(office, NEW, form, ("kegiatan.jpg", photo(300, 200)))
    assert wrong.status_code == 422
    assert "Hapus kegiatan.jpg" in wrong.text
    again = filled(office, OWN) | hidden(wrong.text)
    report_path(send(office, NEW, again))
    assert column("SELECT name FROM evidence WHERE activity_id IS NOT NULL") == ["kegiatan.jpg"]


def test_a_form_sent_twice_brings_each_file_once(empty: Path) -> None:
    assert empty
    office, picture = librarian(library()), photo(300, 200)
    form = filled(office, OWN)
    for _ in range(2):
        report_path(send(office, NEW, form, ("kegiatan.jpg", picture)))
    assert column("SELECT count(*) FROM evidence") == [1]


def test_a_report_has_five_files_at_most_and_one_of_them_can_go(empty: Path) -> None:
    assert empty
    office = librarian(library())
    files = [(f"{n}.jpg", photo(30 + n, 20)) for n in range(6)]
    full = send(office, NEW, filled(office, OWN), *files)
    assert full.status_code == 422
    assert "paling banyak lima" in full.text
    path = report_path(send(office, NEW, filled(office, OWN) | hidden(full.text)))
    edit = f"{path}/edit"
    form = filled(office, OWN) | hidden(office.get(edit).text)
    assert "paling banyak lima" in send(office, edit, form, files[5]).text
    [first, *_] = column("SELECT id FROM evidence ORDER BY id")
    form |= {"drop": str(first)}
    assert send(office, edit, form, files[5]).status_code == 303
    names = column("SELECT name FROM evidence ORDER BY id")
    assert names == ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"]
    history = office.get(path).text.partition("Riwayat")[2]
    assert "Bukti: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg → <strong>1.jpg, 2.jpg" in history


def verified_with_a_photo(office: Office) -> tuple[str, str]:
    """A report that the national library has verified, and its file; their ids."""
    path = report_path(send(office, NEW, filled(office, OWN), ("kegiatan.jpg", photo(300, 200))))
    column("UPDATE activity SET stage = 3 RETURNING id")
    return path.rpartition("/")[2], str(column("SELECT id FROM evidence")[0])


@pytest.mark.parametrize("token", ["", "palsu"])
def test_the_evidence_of_a_verified_report_cannot_be_dropped(empty: Path, token: str) -> None:
    assert empty
    office = librarian(library())
    report, file = verified_with_a_photo(office)
    aimed = {"client_ref": report, "drop": file, "title": ""}
    form = filled(office, OWN, **aimed)
    assert send(office, NEW, form | ({"form_token": token} if token else {})).status_code == 422
    [other] = [
        report_path(send(office, NEW, filled(office, OWN, title="Lomba mewarnai anak"))),
    ]
    assert send(office, f"{other}/edit", form).status_code == 422
    official = Office(BINTAN)
    desk = f"/reporting/verify/activities/{other.rpartition('/')[2]}/edit"
    answers = form | hidden(official.get(desk).text) | aimed
    assert send(official, desk, answers).status_code == 422
    assert send(official, desk, answers | {"title": "Lomba mewarnai"}).status_code == 303
    assert column("SELECT id FROM evidence WHERE activity_id = :id", id=report) != []


def test_a_form_that_is_over_changes_nothing_and_says_so(empty: Path) -> None:
    assert empty
    office = librarian(library())
    held = send(office, NEW, filled(office, OWN, title=""), ("satu.jpg", photo(30, 20)))
    form = filled(office, OWN) | hidden(held.text)
    aimed = {"form_token": "lama", "drop": str(column("SELECT id FROM evidence")[0])}
    over = send(office, NEW, form | aimed, ("dua.jpg", photo(31, 20)))
    assert over.status_code == 422
    assert "Pilih sekali lagi" in over.text
    assert column("SELECT name FROM evidence") == ["satu.jpg"]


def test_a_form_sent_again_brings_a_report_nothing_new(empty: Path) -> None:
    assert empty
    office = librarian(library())
    form = filled(office, OWN)
    report_path(send(office, NEW, form, ("satu.jpg", photo(30, 20))))
    column("UPDATE activity SET stage = 3 RETURNING id")
    for turn in range(3):
        files = [(f"{n}.jpg", photo(40 + 10 * turn + n, 20)) for n in range(5)]
        again = send(office, NEW, form, *files)
        assert again.status_code in {303, 422}
        if not turn:
            page = office.get(again.headers["location"]).text
            assert "Berkas yang Anda tambahkan sesudahnya tidak ikut disimpan" in page
            assert "lewat tombol Perbaiki" not in page
    kept = "SELECT name FROM evidence WHERE activity_id IS NOT NULL"
    assert column(kept) == ["satu.jpg"]


def test_five_files_are_counted_when_a_correction_is_kept(empty: Path) -> None:
    assert empty
    office = librarian(library())
    files = [(f"{n}.jpg", photo(30 + n, 20)) for n in range(5)]
    path = report_path(send(office, NEW, filled(office, OWN), *files))
    form = filled(office, OWN) | hidden(office.get(f"{path}/edit").text)
    first = str(column("SELECT id FROM evidence ORDER BY id")[0])
    drop = form | {"drop": first, "title": ""}  # wrong, so that the form comes back
    assert send(office, f"{path}/edit", drop, ("6.jpg", photo(50, 20))).status_code == 422
    kept = send(office, f"{path}/edit", form)  # and keeps the file after all
    assert kept.status_code == 422
    assert "paling banyak lima" in kept.text
    official, desk = Office(BINTAN), f"/reporting/verify/activities/{path.rpartition('/')[2]}/edit"
    assert send(official, desk, form).status_code == 422
    assert column("SELECT count(*) FROM evidence WHERE activity_id IS NOT NULL") == [5]
    assert send(office, f"{path}/edit", form | {"drop": first}).status_code == 303


def test_a_merged_librarys_account_sees_what_it_sends(empty: Path) -> None:
    assert empty
    old, heir = library(), library(name="Perpustakaan Penerus")
    merged = "UPDATE library SET merged_into = :heir, active = false WHERE id = :old RETURNING id"
    column(merged, heir=heir, old=old)
    office = librarian(old)
    answer = send(office, NEW, filled(office, OWN), ("kegiatan.jpg", photo(300, 200)))
    for address in links(office.get(report_path(answer)).text):
        assert office.get(address).status_code == 200
        assert librarian(library()).get(address).status_code == 404


def test_a_link_is_for_its_region_and_its_library(empty: Path) -> None:
    assert empty
    mine, theirs = library(), library(name="Perpustakaan Tetangga")
    office = librarian(mine)
    answer = send(office, NEW, filled(office, OWN), ("kegiatan.jpg", photo(300, 200)))
    address = links(office.get(report_path(answer)).text)[0]
    mentor = Caller("master_trainer", "Master Trainer (contoh)", "mentor", "14")
    for caller, status in ((KEPRI, 200), (BINTAN, 200), (RIAU, 404), (mentor, 404)):
        assert Office(caller).get(address).status_code == status
    assert librarian(theirs).get(address).status_code == 404
    assert Office().get(address).status_code == 200
    assert Office().get(f"{address}x").status_code == 404


def test_a_library_takes_no_file_from_another(empty: Path) -> None:
    assert empty
    office, thief = librarian(library()), librarian(library(name="Perpustakaan Tetangga"))
    form = filled(office, OWN, title="")
    send(office, NEW, form, ("kegiatan.jpg", photo(300, 200)))
    [stolen] = column("SELECT id FROM evidence")
    theirs = filled(thief, OWN, client_ref=form["client_ref"], drop=str(stolen))
    report_path(send(thief, NEW, theirs))
    assert column("SELECT count(*) FROM evidence WHERE form_ref IS NOT NULL") == [1]


@pytest.mark.parametrize("by", ["account", "link"])
def test_files_of_forms_that_were_never_sent_are_forgotten(empty: Path, by: str) -> None:
    assert empty
    mine = library()
    office, own = (librarian(mine), OWN) if by == "account" else (Office(), link_of(mine))
    wrong = filled(office, own, title="")
    send(office, f"{own}/new/pelibatan", wrong, ("kegiatan.jpg", photo(300, 200)))
    with database.sessions.begin() as session:
        session.execute(text("UPDATE evidence SET created_at = now() - interval '3 days'"))
    before = set(evidence_files.names())
    jobs.purge_evidence()
    assert column("SELECT count(*) FROM evidence") == [0]
    assert set(evidence_files.names()) == before  # a young file may be somebody's still
    assert evidence.YOUNG.total_seconds() > 0
