"""Rows with the habits of the older system: what can be read is read, nothing is ever a crash."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reporting.libraries import library
from reporting.sim_files import as_json, counts, errors, read, take, told
from sim_rows import sim_row
from sqlalchemy import text

from services.reporting import import_words, sim_files, sim_streams
from services.reporting.library_matching import region_of
from services.reporting.resources import database
from services.reporting.sim_files import Unreadable
from shared.uploads import Refused

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-02-03", "2026-02-03"),
        ("03/02/2026", "2026-02-03"),
        ("3-2-2026", "2026-02-03"),
        ("2026-02-03T10:00:00.000Z", "2026-02-03"),
        ("Februari 2026", "2026-02"),
        ("Feb 2026", "2026-02"),
    ],
)
def test_dates_in_all_their_forms(written: str, read: str) -> None:
    assert sim_streams.day(written) == read


@pytest.mark.parametrize("written", ["Instagram", "instagram", "IG", "@Instagram", "INSTAGRAM "])
def test_one_medium_in_many_spellings(written: str) -> None:
    assert sim_streams.media(written)["media"] == "Instagram"


def parsed(**changes: Any) -> sim_streams.Parsed:
    return sim_streams.parse(sim_row(**changes), "", NOW)


def test_html_escapes_are_read_also_those_that_were_escaped_twice() -> None:
    one = parsed(nama_kegiatan="Batik &amp;amp; Anyam &lt;b&gt;")
    assert one.report["title"] == "Batik & Anyam <b>"


def test_numbers_come_as_numbers_or_as_text() -> None:
    for written in (1250, "1250", "1.250", 1250.0, "1250,00"):
        assert parsed(jumlah_peserta=written).report["measures"]["people"] == 1250


def test_a_missing_region_is_a_dash_and_the_rest_is_still_found() -> None:
    one = parsed(desa_name=" - ")
    assert "village" not in one.place.regions
    assert region_of(one.place.regions) == "21.01.04"
    assert region_of(parsed(kabupaten=" - ").place.regions) == "21"
    assert region_of(parsed(provinsi="-", kabupaten="-").place.regions) == ""
    # There is one Bintan in the whole country.
    assert region_of(parsed(provinsi="-").place.regions) == "21.01.04.2001"


def test_each_mistake_is_told_by_the_files_own_column() -> None:
    assert parsed(tanggal="kemarin").errors == {"tanggal": "no-date"}
    assert parsed(tanggal="2026-02").errors == {"tanggal": "no-date"}
    assert parsed(tanggal="2027-01-01").errors == {"tanggal": "future"}
    assert parsed(jumlah_peserta="banyak").errors == {"jumlah_peserta": "no-number"}
    assert parsed(bidang_kegiatan="Sihir").errors == {"bidang_kegiatan": "not-in-list"}
    assert parsed(tanggal_input="31/31/2026").errors == {"tanggal_input": "no-date"}
    assert parsed(jumlah_peserta="banyak").report["said"] == {"jumlah_peserta": "banyak"}
    without = sim_row()
    del without["jenis"]
    assert sim_streams.parse(without, "", NOW).errors == {"jenis": "missing"}


def test_scores_and_unknown_rows_are_refused_as_a_whole() -> None:
    assert sim_streams.parse({"skor": 12.5}, "", NOW).errors == {"": "iku"}
    assert sim_streams.parse({"apa": 1}, "", NOW).errors == {"": "no-stream"}


def test_what_is_hardly_right_is_noted() -> None:
    assert parsed(tanggal="2026-01-01").notes == {"new-year": ""}
    assert parsed(jumlah_peserta="0").notes == {"zero": ""}
    visits = {"periode": "Feb 2026", "pengunjung_laki": 3, "pengunjung_perempuan": 4}
    one = sim_streams.parse(visits | {"total_pengunjung": 9}, "", NOW)
    assert (one.notes, one.report["day"]) == ({"total-differs": "9"}, "2026-02-01")


REPLICATED = {"dana": "25000000", "sumber_dana": "APBD", "jumlah_desa": 3}


def test_rows_without_a_date_count_in_the_month_that_was_chosen() -> None:
    assert sim_streams.parse(REPLICATED, "", NOW).errors == {"tanggal": "no-period"}
    one = sim_streams.parse(REPLICATED, "", NOW, "2025-07")
    assert (one.errors, one.notes, one.report["day"]) == ({}, {"period-chosen": ""}, "2025-07-01")
    dated = sim_streams.parse(REPLICATED | {"periode": "Feb 2026"}, "", NOW, "2025-07")
    assert (dated.notes, dated.report["day"]) == ({}, "2026-02-01")
    without = sim_row(tanggal="")
    assert sim_streams.parse(without, "", NOW, "2025-07").errors == {"tanggal": "missing"}


def test_a_year_alone_is_january_and_says_so() -> None:
    one = sim_streams.parse(REPLICATED | {"tahun": 2025}, "", NOW)
    assert (one.notes, one.report["day"]) == ({"year-alone": "2025"}, "2025-01-01")


def test_what_the_older_system_lets_be_is_taken_with_a_note() -> None:
    told = {"tanggal": "2026-03-02", "judul": "Audiensi", "sasaran": ["Swasta"]}
    regulation = told | {"hasil": "Regulasi", "hasil_regulasi": "-"}
    funds = told | {"hasil": "Dana", "nominal": 0}
    for row, notes in ((regulation, {"no-regulation": ""}), (funds, {"no-funds": ""})):
        one = sim_streams.parse(row, "", NOW)
        assert (one.errors, one.notes) == ({}, notes)
    regulation["hasil_regulasi"] = funds["nominal"] = ""
    assert sim_streams.parse(regulation, "", NOW).errors == {"hasil_regulasi": "missing"}
    assert sim_streams.parse(funds, "", NOW).errors == {"nominal": "missing"}


@pytest.mark.parametrize(
    ("written", "read"),
    [("12.5", 13), ("12,5 Mbps", 13), (12.4, 12), ("1.250,75", 1251), ("1.250", 1250), ("20", 20)],
)
def test_bandwidth_comes_with_decimals_and_is_rounded_with_a_note(written: Any, read: int) -> None:
    told = {"bulan": 3, "tahun": 2026, "jumlah_buku": 9, "jumlah_buku_digital": 0}
    told |= {"jumlah_komputer": 1, "bandwidth": written}
    one = sim_streams.parse(told, "", NOW)
    assert (one.errors, one.report["measures"]["bandwidth"]) == ({}, read)
    rounded = isinstance(written, float) or "," in written or "12.5" in written
    assert ("rounded" in one.notes) == rounded


def test_half_a_participant_is_still_refused() -> None:
    assert parsed(jumlah_peserta="12,5").errors == {"jumlah_peserta": "no-number"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)
COLUMNS = st.sampled_from(sorted({name for names in sim_streams.NAMES.values() for name in names}))
LIKELY = st.sampled_from(["2026-02-03", "0001-01-01", "1.000", "-", "Feb 2026", "\ud800", "\x00"])
ANY_ROW = st.dictionaries(COLUMNS | st.text(max_size=10), VALUES | LIKELY, max_size=8)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ANY_ROW, min_size=1, max_size=8), st.sampled_from(["", "pelibatan", "advokasi"]))
@pytest.mark.usefixtures("empty")
def test_any_array_of_objects_is_read_to_its_end(rows: list[dict[str, Any]], stream: str) -> None:
    job = read(as_json(rows), stream=stream)
    assert (job.state, job.error) == ("ready", "")
    assert counts(job).rows == len(rows)
    codes = {code for one in told(job) for code in one.errors.values()}
    assert codes <= import_words.ERRORS.keys()
    assert {code for one in told(job) for code in one.notes} <= import_words.NOTES.keys()
    assert take(job).state == "done"
    with database.sessions.begin() as session:
        session.execute(text("DELETE FROM sim_import"))


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"rows": []}', "no-array"),
        (b"[1, 2]", "no-array"),
        (b"[", "damaged"),
        (b'[{"a": ', "damaged"),
        (b"[]", "no-rows"),
        (b"tanggal;jumlah_peserta\n", "no-rows"),
        (b"[" + b"[" * 5000, "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, code: str) -> None:
    job = read(data)
    assert (job.state, job.error) == ("failed", code)


@pytest.mark.usefixtures("empty")
def test_more_rows_than_anybody_exports_are_too_many() -> None:
    stored = sim_files.keep(b"[" + b"{}," * (sim_files.MOST_ROWS + 1) + b"{}]")
    with pytest.raises(Unreadable, match="too-many-rows"):
        for _row in sim_files.rows(stored):
            pass


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\x1f\x8bnonsense", "damaged"),
        (b"\x00\x01\x02", "wrong-kind"),
        (b"PK\x03\x04nonsense", "damaged"),
    ],
)
def test_what_is_no_such_file_is_not_kept(data: bytes, code: str) -> None:
    with pytest.raises(Refused, match=code):
        sim_files.keep(data)


@pytest.mark.usefixtures("empty")
def test_the_library_of_a_village_is_found_by_whatever_it_is_called() -> None:
    library("21.01.04.2001", "Perpustakaan Desa Melati")
    assert errors(sim_row(perpus_nama="TBM Melati")) == [{}]
    for name in ("Melati", "PERPUSTAKAAN DESA MELATI", "Taman Bacaan Melati"):
        assert counts(read(as_json([sim_row(perpus_nama=name)]))).waiting == 1
    assert counts(read(as_json([sim_row(perpus_nama="Mawar")]))).open == 1
