"""What comes together for a meeting, and who may see how much of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from reporting.builders import (
    BINTAN,
    EXAMPLE,
    KEPRI,
    LIBRARY,
    NATIONAL,
    RIAU,
    Office,
    facts_of,
    imported,
    meeting,
    person,
    submitted,
    tell,
)

from services.reporting.words import PARTICIPANT_TYPES
from shared import regions
from shared.events import (
    MeetingCancelled,
    MeetingPublished,
    ParticipantType,
    RegistrationCorrected,
    RegistrationEvent,
    RegistrationStatus,
)
from shared.security import Caller

SUMMARY = f"/reporting/api/v1/meetings/{EXAMPLE}/summary"
PAGE = f"/reporting/meetings/{EXAMPLE}"
# They tell nothing personal, or nothing without a signed link.


def test_the_example_shows_that_anambas_is_missing(example: Path) -> None:
    assert example
    told = Office(KEPRI).get(SUMMARY).json()
    assert told["total"] == 15
    assert told["missing_regions"] == [{"code": "21.05", "name": "Kabupaten Kepulauan Anambas"}]
    by_region = {row["code"]: row["count"] for row in told["by_region"]}
    assert by_region.pop("21") == 2  # the province's own people stand by themselves
    assert sum(by_region.values()) == 13
    assert sorted(by_region) == ["21.01", "21.02", "21.03", "21.04", "21.71", "21.72"]
    assert told["by_type"] == [
        {"key": "province_library", "label": "Dinas Perpustakaan Provinsi", "count": 2},
        {"key": "village_library", "label": "Perpustakaan desa/kelurahan", "count": 13},
    ]
    page = Office(KEPRI).get(PAGE).text
    assert "Kabupaten Kepulauan Anambas" in page
    assert "6 / 7" in page


def test_only_who_was_approved_comes_and_who_waits_is_counted_apart(example: Path) -> None:
    assert example
    tell(*decided("submitted", 1), *decided("needs_correction", 2), *decided("rejected", 2))
    tell(*decided("waiting", 1), *decided("offered", 2), *decided("waiting", 1))
    told = Office(KEPRI).get(SUMMARY).json()
    assert (told["total"], told["awaiting_decision"], told["waiting_list"]) == (15, 2, 3)
    page = Office(KEPRI).get(PAGE).text
    assert "menunggu keputusan panitia" in page
    assert "dalam daftar tunggu" in page
    assert "15 peserta" in Office(KEPRI).get("/reporting/").text


def decided(status: RegistrationStatus, version: int) -> list[RegistrationEvent]:
    """Somebody else in a state; which of the events brought it there makes no difference."""
    facts = facts_of(submitted(person("Calon", "21.05")), version, status)
    return [RegistrationCorrected(registration=facts)]


def test_a_cancelled_meeting_says_so_whatever_comes_after(example: Path) -> None:
    assert example
    off = MeetingCancelled(meeting=meeting(version=3), reason="Gedung tidak dapat dipakai.")
    tell(off)
    tell(MeetingPublished(meeting=meeting(version=2, title="Judul lama")), off)
    told = Office(KEPRI).get(SUMMARY).json()
    assert told["meeting"]["status"] == "cancelled"
    assert told["meeting"]["title"] != "Judul lama"
    assert "Pertemuan ini dibatalkan" in Office(KEPRI).get(PAGE).text


@pytest.mark.parametrize(
    ("begins_in", "status"), [(-60, "done"), (-1, "running"), (1, "published")]
)
def test_a_meeting_begins_and_ends_by_the_clock(example: Path, begins_in: int, status: str) -> None:
    assert example
    begins = datetime.now(UTC) + timedelta(hours=begins_in)
    facts = meeting(version=3, starts_at=begins, ends_at=begins + timedelta(hours=8))
    tell(MeetingPublished(meeting=facts))
    assert Office(KEPRI).get(SUMMARY).json()["meeting"]["status"] == status


def test_the_labels_are_in_the_readers_language(example: Path) -> None:
    assert example
    told = Office(KEPRI).get(SUMMARY, headers={"accept-language": "en"}).json()
    assert told["by_type"][0]["label"] == "Province library office"
    assert "By region" in Office(KEPRI).get(PAGE + "?lang=en").text


def test_every_participant_type_has_its_words() -> None:
    assert set(PARTICIPANT_TYPES) == set(get_args(ParticipantType))


@pytest.mark.parametrize(
    ("caller", "total", "missing"),
    [(NATIONAL, 15, ["21.05"]), (KEPRI, 15, ["21.05"]), (BINTAN, 2, [])],
)
def test_everybody_sees_as_far_as_the_own_region_goes(
    example: Path, caller: Caller, total: int, missing: list[str]
) -> None:
    assert example
    told = Office(caller).get(SUMMARY).json()
    assert told["total"] == total
    assert [region["code"] for region in told["missing_regions"]] == missing
    seen = [row["code"] for row in told["by_region"]]
    assert seen
    assert all(caller.may_see(code) for code in seen)
    assert Office(caller).get(PAGE).status_code == 200


def test_another_provinces_meeting_is_not_there(example: Path) -> None:
    assert example
    for path in (SUMMARY, PAGE, SUMMARY.replace(EXAMPLE, "plm-x")):
        assert Office(RIAU).get(path).status_code == 404
    assert EXAMPLE not in Office(RIAU).get("/reporting/").text
    nowhere = Caller("province", "Tanpa wilayah", "nowhere")
    assert Office(nowhere).get(SUMMARY).status_code == 404
    assert Office(LIBRARY).get(SUMMARY).status_code == 403


def test_a_problem_says_what_it_is(example: Path) -> None:
    assert example
    answer = Office(RIAU).get(SUMMARY)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"
    for slug in ("%ff", "..%2f..", "x" * 3000, "' OR 1=1 --"):
        assert Office(KEPRI).get(SUMMARY.replace(EXAMPLE, slug)).status_code == 404
        assert Office(KEPRI).get(PAGE.replace(EXAMPLE, slug)).status_code == 404


def test_the_list_turns_its_pages_and_finds_by_province(empty: Path) -> None:
    assert empty
    tell(
        *(
            MeetingPublished(
                meeting=meeting(
                    f"plm-2027-{province.code}",
                    title=f"PLM {province.name}",
                    province_code=province.code,
                )
            )
            for province in regions.children(None)
        )
    )
    everybody = Office(NATIONAL)
    seen: list[str] = []
    path = "/reporting/"
    while path:
        page = everybody.get(path).text
        seen += [part.split('"')[0] for part in page.split('href="/reporting/meetings/')[1:]]
        _, _, rest = page.partition('rel="next" href="')
        path = "/reporting/" + rest.split('"')[0].replace("&amp;", "&") if rest else ""
    assert len(seen) == len(set(seen)) == 38
    for words in ("bali", "PLM Bali"):
        assert "plm-2027-51" in everybody.get("/reporting/", params={"q": words}).text
    assert "plm-2027-11" not in everybody.get("/reporting/", params={"q": "bali"}).text
    for odd in ("%", "_", "\\", "x" * 100):
        assert everybody.get("/reporting/", params={"q": odd}).status_code == 200
    assert "Tidak ada pertemuan" in everybody.get("/reporting/", params={"q": "zzz"}).text


def test_an_empty_list_says_what_to_do(empty: Path) -> None:
    assert empty
    assert "Belum ada pertemuan" in Office(KEPRI).get("/reporting/").text
    tell(MeetingPublished(meeting=meeting()))
    page = Office(KEPRI).get(PAGE).text
    assert "Belum ada peserta" in page
    assert "Pesan daftar hadir" in page


def test_a_region_that_is_newer_than_our_list_is_counted_all_the_same(empty: Path) -> None:
    assert empty
    tell(imported(person("Ani", "21.09")))
    told = Office(KEPRI).get(SUMMARY).json()
    assert told["by_region"] == [{"code": "21.09", "name": "21.09", "count": 1}]
