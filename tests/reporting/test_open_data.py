"""Open data: verified only, nobody named, for every site, in caches while nothing changes."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from reporting.builders import Office
from reporting.libraries import BINTAN, KEPRI, library
from reporting.sums import NATION, added_up, people, reported

from services.reporting import open_data
from services.reporting.resources import database

pytestmark = pytest.mark.usefixtures("empty")

TOTALS, STORIES = "/reporting/open/v1/totals", "/reporting/open/v1/stories"
STORY = {
    "day": "2026-11-05",
    "title": "=HYPERLINK(1) Keripik pisang",
    "bidang": "Ekonomi",
    "sebelum": "Pisang dijual mentah",
    "sesudah": "+62 warga menjual keripik",
    "amount": "1500000",
}


def rows(body: str) -> list[list[str]]:
    return list(csv.reader(StringIO(body.removeprefix(open_data.BOM))))


def test_totals_are_verified_and_by_month_regency_and_stream() -> None:
    here = library("21.01.06.2001")
    reported(here, by=BINTAN, day="2026-11-03", **people(10))
    reported(here, day="2026-11-04", **people(99))
    reported(library("14.01.02.2005"), by=NATION, day="2026-10-04", **people(7))
    added_up()
    answer = Office().get(f"{TOTALS}.json")
    told = answer.json()
    assert told["licence"] == "CC BY 4.0"
    assert told["row_count"] == 2
    assert told["complete"]
    assert [(r["month"], r["region_code"], r["reports"], r["people"]) for r in told["rows"]] == [
        ("2026-10", "14.01", 1, 7),
        ("2026-11", "21.01", 1, 10),
    ]
    assert told["rows"][1]["province"] == "Kepulauan Riau"
    sheet = Office().get(f"{TOTALS}.csv")
    assert sheet.content.startswith(b"\xef\xbb\xbf")
    head, first, _second, last = rows(sheet.text)
    assert head == list(open_data.TOTALS.values())
    assert first[:2] == ["2026-10", "14"]
    assert last[:2] == ["# lengkap", "2 baris"]


def test_a_story_needs_the_last_stage_and_its_persons_consent() -> None:
    here = library("21.01.06.2001", "Perpustakaan Rahasia")
    published = reported(here, "cerita", by=NATION, fields=STORY, izin_terbit="yes")
    reported(here, "cerita", by=NATION, fields=STORY)
    reported(here, "cerita", by=KEPRI, fields=STORY, izin_terbit="yes")
    added_up()
    answer = Office().get(f"{STORIES}.json")
    [story] = answer.json()["rows"]
    assert story["id"] == str(published)
    assert story["before"] == "Pisang dijual mentah"
    assert story["income"] == 1500000
    assert set(story) == set(open_data.STORIES)
    sheet = Office().get(f"{STORIES}.csv").text
    for unsaid in ("Rahasia", "Pengelola Contoh", "Admin"):
        assert unsaid not in sheet + answer.text
    assert rows(sheet)[1][7].startswith("'=HYPERLINK")
    assert rows(sheet)[1][9].startswith("'+62")


def test_the_same_data_are_not_sent_twice() -> None:
    here = library("21.01.06.2001")
    reported(here, by=BINTAN, day="2026-11-03")
    added_up()
    first = Office().get(f"{TOTALS}.csv")
    known = {"if-none-match": first.headers["etag"]}
    again = Office().get(f"{TOTALS}.csv", headers=known)
    assert again.status_code == 304
    assert again.content == b""
    assert Office().get(f"{TOTALS}.json", headers=known).status_code == 200
    reported(here, by=BINTAN, day="2026-11-04")
    added_up()
    assert Office().get(f"{TOTALS}.csv", headers=known).status_code == 200


def test_every_site_may_read_them_and_caches_may_keep_them() -> None:
    for path in (f"{TOTALS}.csv", f"{STORIES}.json"):
        headers = Office().get(path).headers
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cache-control"] == "public, max-age=300"
    closed = Office().get("/reporting/public.json").headers
    assert "access-control-allow-origin" not in closed


def test_nothing_yet_is_a_whole_file_too() -> None:
    assert Office().get(f"{TOTALS}.json").json()["rows"] == []
    assert rows(Office().get(f"{STORIES}.csv").text)[1][1] == "0 baris"
    assert Office().get(f"{TOTALS}.xml").status_code in {404, 422}


def test_the_page_explains_every_column_in_both_languages(empty: Path) -> None:
    assert empty
    page = Office().get("/reporting/open").text
    assert "CC BY 4.0" in page
    english = Office().get("/reporting/open?lang=en").text
    assert "Open data" in english
    for columns in open_data.DATASETS.values():
        assert all(f">{name}<" in page for name in columns)


def test_many_rows_come_in_pieces() -> None:
    lines = [(str(at), at) for at in range(open_data.CHUNK * 2 + 1)]
    pieces = list(open_data.json_file(["a", "b"], lines, {"licence": "x"}))
    assert len(pieces) == 4
    assert json.loads("".join(pieces))["row_count"] == len(lines)
    with database.sessions.begin() as session:
        assert list(open_data.rows(session, "totals")) == []
