"""What a report may say: all that is wrong is told at once, and nothing is changed silently."""

from datetime import date
from typing import Any

import pytest
from reporting.libraries import ACTIVITY, TODAY

from services.reporting import drafts
from services.reporting.drafts import Draft, Invalid
from services.reporting.streams import STREAMS

ADVOCACY = {"day": "2026-11-03", "title": "Audiensi", "sasaran": ["Kepala Desa"], "hasil": "Dana"}
MEDIA = {
    "day": "2026-11-03",
    "title": "Liputan",
    "jenis_publikasi": "Media Online",
    "media": "Lainnya",
}


def read(stream: str, raw: dict[str, Any], **changes: Any) -> Draft:
    return drafts.read(STREAMS[stream], raw | changes, TODAY)


def wrong(stream: str, raw: dict[str, Any], **changes: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read(stream, raw, **changes)
    return dict(refused.value.errors)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = wrong("pelibatan", ACTIVITY, title="", bidang="Masak", people="banyak", day="besok")
    assert told == {
        "day": "no-date",
        "title": "missing",
        "bidang": "not-in-list",
        "people": "no-number",
    }


@pytest.mark.parametrize(
    ("day", "mistake"),
    [
        ("", "missing"),
        ("2026-11-21", "future"),
        ("2017-12-31", "too-early"),
        ("2026-02-30", "no-date"),
        ("31/01/2026", "no-date"),
    ],
)
def test_a_day_that_cannot_be_is_refused(day: str, mistake: str) -> None:
    assert wrong("pelibatan", ACTIVITY, day=day) == {"day": mistake}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"female": "19"}, {"male": "sex-sum"}),
        ({"adults": "20"}, {"children": "age-sum"}),
        ({"disabled": "25"}, {"disabled": "more-than-all"}),
        ({"people": "1.250.000.000.000"}, {"people": "too-much"}),
        ({"people": "24,5"}, {"people": "no-number"}),
        ({"people": "-1"}, {"people": "no-number"}),
        ({"people": "2.5"}, {"people": "no-number"}),
        ({"title": "x" * 201}, {"title": "too-long"}),
    ],
)
def test_numbers_must_agree(changes: dict[str, str], told: dict[str, str]) -> None:
    assert told.items() <= wrong("pelibatan", ACTIVITY, **changes).items()


def test_numbers_are_read_as_people_write_them() -> None:
    alone = {"male": "", "female": "", "adults": "", "disabled": ""}
    assert read("pelibatan", ACTIVITY, people="1.250", **alone).measures["people"] == 1250
    assert read("pelibatan", ACTIVITY, people="1 250", **alone).measures["people"] == 1250


def test_what_one_answer_asks_of_another() -> None:
    assert wrong("advokasi", ADVOCACY) == {"amount": "missing"}
    assert wrong("advokasi", ADVOCACY, hasil="Regulasi") == {"hasil_regulasi": "missing"}
    assert wrong("advokasi", ADVOCACY, hasil="NonDana", sasaran=["Camat"]) == {
        "sasaran": "not-in-list"
    }
    assert wrong("publikasi", MEDIA) == {"nama_media": "missing"}
    assert wrong("publikasi", MEDIA, nama_media="Warta", link="javascript:alert(1)") == {
        "link": "no-link"
    }


def test_what_an_answer_has_no_room_for_is_refused_and_not_dropped() -> None:
    talk = ADVOCACY | {"hasil": "NonDana"}
    assert wrong("advokasi", talk, amount="500000") == {"amount": "only-funds"}
    assert wrong("advokasi", talk, hasil_regulasi="Lainnya", tanggal_terbit="2026-10-01") == {
        "hasil_regulasi": "only-regulation",
        "tanggal_terbit": "only-regulation",
    }
    assert read("advokasi", talk, amount="0", jumlah_barang="3").measures["amount"] == 0
    law = ADVOCACY | {"hasil": "Regulasi", "hasil_regulasi": "Lainnya"}
    assert wrong("advokasi", law, amount="500000") == {"amount": "only-funds"}
    assert wrong("advokasi", law, tanggal_terbit="2099-01-01") == {"tanggal_terbit": "future"}
    assert read("advokasi", law, tanggal_terbit="2026-11-20").fields["tanggal_terbit"]


@pytest.mark.parametrize("written", ["Instagram", "@instagram", "IG", "face book", "Surat Kabar"])
def test_a_medium_of_the_list_is_chosen_there(written: str) -> None:
    assert wrong("publikasi", MEDIA, nama_media=written) == {"nama_media": "listed"}


def test_a_month_and_a_half_year_are_their_first_day() -> None:
    visits = {"day": "2026-10", "male": "3", "female": "4"}
    assert read("pengunjung", visits).day == date(2026, 10, 1)
    assert read("pengunjung", visits).measures["people"] == 7
    stock = dict.fromkeys(("books", "ebooks", "computers", "bandwidth"), "1")
    assert read("peningkatan", stock | {"day": "2026-09"}).day == date(2026, 7, 1)
    assert read("peningkatan", stock | {"day": "2026-02-03"}).day == date(2026, 1, 1)


def test_the_same_content_has_the_same_hash_and_other_content_another() -> None:
    one = read("pelibatan", ACTIVITY)
    assert one.content_hash == read("pelibatan", ACTIVITY, children="0").content_hash
    assert (
        one.content_hash == read("pelibatan", ACTIVITY, title=" Kelas membatik warga ").content_hash
    )
    assert one.content_hash != read("pelibatan", ACTIVITY, sasaran="Umum").content_hash
    told = read("advokasi", ADVOCACY, amount="5", sasaran=["Swasta", "Kepala Desa"])
    assert told.fields["sasaran"] == ["Kepala Desa", "Swasta"]
