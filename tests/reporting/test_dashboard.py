"""Dashboards: what stands on them, and who sees what of it."""

import csv
import re
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from reporting.builders import BINTAN, KEPRI, LIBRARY, NATIONAL, RIAU, Office
from reporting.libraries import library
from reporting.sums import added_up, people, reported
from sites import form_token

from services.reporting.dashboard_tables import PARTS

AUTUMN = "first=2026-10&last=2026-11"
PEOPLE = f"{AUTUMN}&stream=pelibatan&measure=people"
DASHBOARD, PUBLIC = "/reporting/dashboard", "/reporting/public"
OURS, THEIRS = "Perpustakaan Contoh Kita", "Perpustakaan Contoh Tetangga"


@pytest.fixture(autouse=True)
def country(empty: Path) -> dict[str, UUID]:
    """Bintan with 10 verified and 5 other participations, and a neighbour with 777."""
    assert empty
    ours, theirs = library("21.01.06.2001", OURS), library("14.01.02.2005", THEIRS)
    reported(ours, by=BINTAN, day="2026-11-03", **people(10))
    reported(ours, day="2026-10-03", bidang="Pertanian", **people(5))
    reported(theirs, by=NATIONAL, day="2026-11-04", **people(777))
    added_up()
    return {"ours": ours, "theirs": theirs}


def table(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


def test_an_official_begins_at_home_and_drills_down_to_a_library(
    country: dict[str, UUID],
) -> None:
    office = Office(KEPRI)
    path = f"{DASHBOARD}?{PEOPLE}"
    for code in ("21.01", "21.01.06", "21.01.06.2001"):
        page = office.get(path).text
        [path] = set(re.findall(rf'href="([^"]+region={code}&[^"]+)"', page.replace("&amp;", "&")))
    page = office.get(path).text
    assert OURS in page
    score = office.get(f"{path}&library={country['ours']}").text
    assert f"Nilai {OURS}" in score
    assert "2 dari 4" not in score
    assert "Peserta kegiatan" in score


def test_an_address_says_all_so_that_it_can_be_shared() -> None:
    told = Office(NATIONAL).get(f"{DASHBOARD}.json?{PEOPLE}&region=21&verified=yes").json()
    assert (told["region"], told["first"], told["last"]) == ("Kepulauan Riau", "2026-10", "2026-11")
    assert told["only_verified"]
    assert [row["value"] for row in told["trend"]] == [0, 10]
    everything = Office(NATIONAL).get(f"{DASHBOARD}.json?{PEOPLE}&region=21").json()
    assert [(row["value"], row["verified"]) for row in everything["trend"]] == [(5, 0), (10, 10)]
    by_name = {row["category"]: row["value"] for row in everything["categories"]}
    assert (by_name["Ekonomi"], by_name["Pertanian"], by_name["Olahraga"]) == (10, 5, 0)
    [bintan] = [row for row in everything["regions"] if row["region_code"] == "21.01"]
    assert (bintan["came"], bintan["expected"], bintan["libraries"]) == (2, 2, 1)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("caller", [KEPRI, BINTAN], ids=["province", "regency"])
def test_an_official_never_sees_a_neighbours_figure(
    country: dict[str, UUID], caller: object, part: str
) -> None:
    office = Office(caller)  # type: ignore[arg-type]
    for query in (PEOPLE, AUTUMN, f"{PEOPLE}&region=21.01"):
        for path in (DASHBOARD, f"{DASHBOARD}.json", f"{DASHBOARD}.csv"):
            answer = office.get(f"{path}?{query}&part={part}")
            assert answer.status_code == 200
            assert not re.search(r"\b777\b|\b792\b", answer.text)
            assert THEIRS not in answer.text
    for region in ("14", "14.01", "14.01.02.2005", "", "21.99", "%27"):
        for path in (DASHBOARD, f"{DASHBOARD}.json", f"{DASHBOARD}.csv"):
            assert office.get(f"{path}?{PEOPLE}&region={region}").status_code == 404
    assert office.get(f"{DASHBOARD}?library={country['theirs']}").status_code == 404


def test_everybody_sees_verified_sums_down_to_a_regency() -> None:
    for office in (Office(), Office(LIBRARY), Office(KEPRI)):
        told = office.get(f"{PUBLIC}.json?{PEOPLE}&verified=no").json()
        assert told["only_verified"]
        assert told["counted"] == {"all": 3, "verified": 2}
        values = {row["region_code"]: row["value"] for row in told["regions"]}
        assert (values["21"], values["14"]) == (10, 777)
        assert told["libraries"] == []
        assert "kpi" not in told["regions"][0]
        regency = office.get(f"{PUBLIC}.json?{PEOPLE}&region=21.01").json()
        assert regency["regions"] == []
        page = office.get(f"{PUBLIC}?{PEOPLE}&region=21.01").text
        assert OURS not in page
        assert office.get(f"{PUBLIC}?{PEOPLE}&region=21.01.06").status_code == 404


def test_the_public_lists_regions_with_figures_and_names_the_others_below() -> None:
    page = Office().get(f"{PUBLIC}?{PEOPLE}").text
    listed, _, others = page.partition("36 wilayah lain belum ada angkanya")
    table = listed.partition("Pilih satu wilayah untuk melihat isinya")[2]
    assert table.count('role="rowheader"') == 2
    assert "Kepulauan Riau" in table
    assert ">Aceh</a>" in others
    assert ">Aceh</a>" in Office(NATIONAL).get(f"{DASHBOARD}?{PEOPLE}").text


def test_a_dashboard_is_for_officials() -> None:
    assert Office().get(DASHBOARD).status_code in {303, 307, 401}
    assert Office(LIBRARY).get(f"{DASHBOARD}.json").status_code == 403
    assert Office(RIAU).get(f"{DASHBOARD}?region=21").status_code == 404


def test_a_download_ends_with_what_it_is_of() -> None:
    answer = Office(KEPRI).get(f"{DASHBOARD}.csv?{PEOPLE}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "private, no-store"
    head, *rows, last = table(answer.text)
    assert head[:3] == ["Kode wilayah", "Wilayah", "Jumlah"]
    assert last[:2] == ["# lengkap", f"{len(rows)} baris"]
    assert "wilayah Kepulauan Riau" in last


def test_a_name_that_computes_is_text_in_a_download() -> None:
    reported(library("21.01.06.2002", "=1+1"), day="2026-11-03")
    added_up()
    answer = Office(KEPRI).get(f"{DASHBOARD}.csv?{AUTUMN}&region=21.01.06&part=libraries")
    assert "'=1+1" in {row[1] for row in table(answer.text)[:-1]}


def test_odd_addresses_are_refused_or_understood() -> None:
    office = Office(KEPRI)
    assert office.get(f"{DASHBOARD}?first=2026-13").status_code == 422
    swapped = office.get(f"{DASHBOARD}.json?first=2026-11&last=2026-10").json()
    assert (swapped["first"], swapped["last"]) == ("2026-10", "2026-11")
    other = office.get(f"{DASHBOARD}.json?stream=lainnya&measure=books").json()
    assert (other["stream"], other["measure"]) == (None, "reports")
    empty = office.get(f"{DASHBOARD}?first=2019-01&last=2019-02&stream=advokasi")
    assert "Tidak ada laporan untuk pilihan ini" in empty.text


def test_targets_are_set_and_their_share_is_shown() -> None:
    page = "/reporting/targets?region=21&year=2026"
    office = Office(KEPRI)
    token = form_token(office.get(page).text)
    wrong = office.post(page, data={"form_token": token, "people": "banyak", "visits": "9"})
    assert wrong.status_code == 422
    assert 'href="#people"' in wrong.text
    assert 'value="9"' in wrong.text
    sent = office.post(page, data={"form_token": token, "people": "1.000"})
    assert sent.status_code == 303
    told = office.get(f"{DASHBOARD}.json?{AUTUMN}").json()
    [target] = told["targets"]
    assert (target["indicator"], target["target"], target["reached"]) == ("people", 1000, 15)
    assert target["share"] == 1.5
    assert "Petugas Kepri (contoh)" in office.get(page).text
    office.post(page, data={"form_token": form_token(office.get(page).text), "people": ""})
    assert office.get(f"{DASHBOARD}.json?{AUTUMN}").json()["targets"] == []


def test_targets_are_for_ones_own_region() -> None:
    for region in ("14", "", "99", "21.01.06"):
        address = f"/reporting/targets?region={region}&year=2026"
        assert Office(KEPRI).get(address).status_code == 404
        assert Office(KEPRI).post(address, data={"people": "5"}).status_code == 404
    assert Office(BINTAN).get("/reporting/targets").status_code == 403
    assert Office(NATIONAL).get("/reporting/targets?region=&year=2026").status_code == 200
