"""Every kind of report in every form: ordered, made, opened, and out of a neighbour's reach."""

import csv
import io
import json
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from reporting.builders import BINTAN, EXAMPLE, KEPRI, NATIONAL, RIAU, Office, example_people, tell
from reporting.libraries import ACTIVITY, SENDER, TODAY, handed, library
from sqlalchemy import text

from services.reporting import activities, jobs, report_kinds, rollups
from services.reporting.documents.common import Cancelled
from services.reporting.extracts import TELL, Extract
from services.reporting.pieces import Pieces
from services.reporting.report_contents import Work
from services.reporting.report_schemas import ExtractParams
from services.reporting.resources import database
from shared import regions

STORY = {
    "day": "2026-11-04",
    "title": "Dari membaca ke berjualan",
    "bidang": "Ekonomi",
    "sebelum": "Belum punya usaha sendiri.",
    "sesudah": "Menjual keripik dari buku resep.\nPenghasilannya bertambah.",
    "amount": "500000",
    "izin_terbit": "yes",
}
PERIOD = {"region": "21.01", "period": "2026-11"}
ORDERS: dict[str, dict[str, Any]] = {
    "attendance_list": {"meeting": EXAMPLE},
    "meeting_proceedings": {"meeting": EXAMPLE},
    "library_recap": PERIOD,
    "periodic": PERIOD,
    "completeness": PERIOD,
    "impact_stories": PERIOD,
    "extract": PERIOD | {"stream": "pelibatan"},
}
ROWS = {
    "attendance_list": 15,
    "meeting_proceedings": 15,
    "library_recap": 2,
    "periodic": 10,
    "completeness": 2,
    "impact_stories": 1,
    "extract": 3,
}
MORE = text(f"""
    INSERT INTO activity SELECT made.*
    FROM activity, generate_series(1, {TELL // 2}) AS number, LATERAL jsonb_populate_record(
        activity, jsonb_build_object('id', md5(activity.id::text || number), 'client_ref', NULL)
    ) AS made
    WHERE activity.stream = 'pelibatan' AND activity.regency_code = '21.01'""")
PHOTO = text("""
    INSERT INTO evidence (id, library_id, activity_id, name, media_type, size, large)
    SELECT gen_random_uuid(), library_id, id, 'kelas.jpg', 'image/jpeg', 1, 'x' FROM activity
    WHERE title LIKE 'Kelas%' AND regency_code = '21.01'""")
EVERY = [(name, form) for name, kind in report_kinds.KINDS.items() for form in kind.formats]


@pytest.fixture
def country(empty: Path) -> Path:
    """Two libraries of Bintan and one of a neighbour, with a few reports; and the meeting."""
    tell(*example_people())
    ours, quiet, theirs = library(), library("21.01.04.2001", "Diam"), library("14.71.01.1001")
    assert quiet
    formula = '=HYPERLINK("http://contoh.invalid")'
    with database.sessions.begin() as session:
        for title in ("Kelas membatik warga", formula, "Posyandu; -1+1"):
            activities.submit(
                session, ours, handed(fields=ACTIVITY | {"title": title}), SENDER, TODAY
            )
        activities.submit(session, ours, handed("cerita", STORY), SENDER, TODAY)
        activities.submit(session, theirs, handed(), SENDER, TODAY)
    with database.sessions.begin() as session:
        rollups.apply(session)
    return empty


def order(kind: str, form: str, office: Office, **params: Any) -> dict[str, Any]:
    body = {"kind": kind, "format": form, "params": ORDERS[kind] | params}
    answer = office.post("/reporting/api/v1/reports", json=body)
    assert answer.status_code == 202, answer.text
    jobs.make_reports()
    told: dict[str, Any] = office.get(answer.headers["location"]).json()
    return told


def text_of(content: bytes, form: str) -> str:
    if form == "pdf":
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
        return " ".join(" ".join(pages).split())
    if form == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        return str(sheets)
    return content.decode("utf-8-sig")


@pytest.mark.parametrize(("kind", "form"), EVERY)
def test_each_kind_is_made_whole_in_each_form(country: Path, kind: str, form: str) -> None:
    assert country
    office = Office(BINTAN if "meeting" not in ORDERS[kind] else KEPRI)
    told = order(kind, form, office)
    assert (told["status"], told["row_count"]) == ("done", ROWS[kind])
    file = office.get(told["download"])
    assert file.status_code == 200
    assert file.headers["content-disposition"].endswith(f'.{form}"')
    words = text_of(file.content, form)
    assert "lengkap" in words if form != "geojson" else json.loads(words)["complete"] is True


@pytest.mark.parametrize(
    "kind", [name for name, kind in report_kinds.KINDS.items() if kind.of_period]
)
def test_a_neighbour_orders_nothing_of_ours(country: Path, kind: str) -> None:
    assert country
    form = report_kinds.KINDS[kind].formats[0]
    body = {"kind": kind, "format": form, "params": ORDERS[kind]}
    assert Office(RIAU).post("/reporting/api/v1/reports", json=body).status_code == 404
    upwards = body | {"params": ORDERS[kind] | {"region": ""}}
    assert Office(KEPRI).post("/reporting/api/v1/reports", json=upwards).status_code == 404
    told = order(kind, form, Office(BINTAN))
    assert Office(RIAU).get(told["download"]).status_code == 404
    assert Office(BINTAN).get(told["download"]).status_code == 200


def test_no_cell_of_an_extract_is_computed(country: Path) -> None:
    assert country
    office = Office(BINTAN)
    table = office.get(order("extract", "csv", office)["download"]).content.decode("utf-8-sig")
    head, *rows, last = csv.reader(io.StringIO(table))
    titles = {row[head.index("Nama kegiatan")] for row in rows}
    assert titles == {
        "Kelas membatik warga",
        '\'=HYPERLINK("http://contoh.invalid")',
        "Posyandu; '-1+1",
    }
    assert last[0] == "# Dokumen: lengkap"
    assert len(last) == len(head)
    assert {row[head.index("Kab/kota")] for row in rows} == {"Kabupaten Bintan"}


def test_an_extract_names_the_place_and_says_when_a_report_came_with_what(country: Path) -> None:
    assert country
    own = library("21", "Perpustakaan Provinsi Contoh")
    district = regions.children("21.01")[0]
    village = regions.children(district.code)[0]
    there = library(village.code, "Perpustakaan Desa Contoh")
    visits = {"day": "2026-11", "male": "3", "female": "4"}
    with database.sessions.begin() as session:
        activities.submit(session, own, handed("pengunjung", visits), SENDER, TODAY)
        activities.submit(session, there, handed(title="Lomba mewarnai"), SENDER, TODAY)
        session.execute(PHOTO)

    def rows(stream: str) -> list[dict[str, str]]:
        told = order("extract", "csv", Office(KEPRI), region="21", stream=stream)
        table = Office(KEPRI).get(told["download"]).content.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(table)))[:-1]

    with database.sessions.begin() as session:
        came = session.execute(text("SELECT min(submitted_at) FROM activity")).scalar_one()
    for row in rows("pelibatan"):
        if row["Kode wilayah"] == village.code:
            assert (row["Kecamatan"], row["Desa/kelurahan"]) == (district.name, village.name)
        assert row["Tanggal input"] == str(came.astimezone(ZoneInfo("Asia/Jakarta")).date())
        assert row["Berkas bukti"] == ("1" if row["Nama kegiatan"].startswith("Kelas") else "0")
    assert village.name in {row["Desa/kelurahan"] for row in rows("pelibatan")}
    [visited] = rows("pengunjung")
    assert visited["Jumlah pengunjung"] == "7"
    assert (visited["Kecamatan"], visited["Desa/kelurahan"]) == ("", "")


def test_the_country_has_what_its_provinces_have(country: Path) -> None:
    assert country
    office = Office(NATIONAL)
    told = order("extract", "geojson", office, region="")
    features = json.loads(office.get(told["download"]).content)["features"]
    assert len(features) == 4
    assert {feature["geometry"] for feature in features} == {None}
    paper = text_of(
        office.get(order("periodic", "pdf", office, region="")["download"]).content, "pdf"
    )
    assert "Indonesia" in paper
    assert "Kepulauan Riau" in paper


def test_one_library_is_recapped_month_by_month(country: Path) -> None:
    assert country
    ours = library("21.01.05.2002", "Baru")
    office = Office(BINTAN)
    told = order("library_recap", "csv", office, library=str(ours), period="2026")
    assert told["row_count"] == 12
    body = {
        "kind": "library_recap",
        "format": "csv",
        "params": {"library": str(ours), "period": "2026"},
    }
    assert Office(RIAU).post("/reporting/api/v1/reports", json=body).status_code == 404


def test_a_change_of_the_data_is_another_question(country: Path) -> None:
    assert country
    office = Office(BINTAN)
    first = order("extract", "csv", office)
    assert order("extract", "csv", office)["sha256"] == first["sha256"]
    with database.sessions.begin() as session:
        fields = ACTIVITY | {"title": "Kelas menjahit", "day": "2026-11-05"}
        activities.submit(
            session, library("21.01.06.2002", "Lain"), handed(fields=fields), SENDER, TODAY
        )
    assert order("extract", "csv", office)["row_count"] == 4


@pytest.mark.parametrize("form", ["xlsx", "geojson"])
def test_a_long_extract_is_stopped_while_the_database_still_gives_rows(
    country: Path, tmp_path: Path, form: Literal["xlsx", "geojson"]
) -> None:
    assert country
    with database.sessions.begin() as session:
        session.execute(MORE)

    def stop(_done: int) -> None:
        raise Cancelled

    def extracted() -> None:
        with database.engine.begin() as connection:
            content = Extract(connection, ExtractParams(stream="pelibatan", **PERIOD), BINTAN)
            assert content.total > TELL
            content.write(Work(tmp_path / "part", form, content.total, stop, Pieces(tmp_path, 1)))

    with pytest.raises(Cancelled):
        extracted()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"format": "docx"}, "format"),
        ({"params": PERIOD | {"period": "2026-13"}}, "params.period"),
        ({"params": {"region": "Bintan", "period": "2026"}}, "params.region"),
    ],
)
def test_an_order_that_makes_no_sense_says_which_field(
    country: Path, change: dict[str, Any], field: str
) -> None:
    assert country
    body = {"kind": "completeness", "format": "pdf", "params": PERIOD} | change
    answer = Office(BINTAN).post("/reporting/api/v1/reports", json=body)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
