"""Stories for everybody: read, searched and found again, and none without its person's consent."""

import re
from uuid import UUID, uuid4

import pytest
from reporting.builders import Office
from reporting.libraries import BINTAN, KEPRI, library
from reporting.sums import NATION, reported

from services.reporting import activities, published_stories, verification
from services.reporting.resources import database

pytestmark = pytest.mark.usefixtures("empty")

STORIES = "/reporting/stories"
STORY = {
    "day": "2026-11-05",
    "title": "Keripik <b>pisang</b>",
    "bidang": "Ekonomi",
    "sebelum": "Pisang dijual mentah",
    "sesudah": "Enam warga menjual keripik.\nHasilnya 100% untuk keluarga.",
    "amount": "1500000",
}


def told(of: UUID, **changes: str) -> UUID:
    """A story that everybody may read."""
    return reported(of, "cerita", by=NATION, fields=STORY, izin_terbit="yes", **changes)


def titles(query: str = "") -> list[str]:
    page = Office().get(f"{STORIES}{query}")
    assert page.status_code == 200
    return re.findall(r'/reporting/stories/[0-9a-f-]{36}" lang="id">([^<]+)<', page.text)


def test_a_story_is_read_by_everybody_and_names_nobody() -> None:
    made = told(library("21.01.06.2001", "Perpustakaan Rahasia"))
    assert len(titles()) == 1
    page = Office().get(f"{STORIES}/{made}").text
    for words in ("Keripik &lt;b&gt;pisang", "Pisang dijual mentah", "Enam warga", "Rp1.500.000"):
        assert words in page
    assert "Bintan, Kepulauan Riau" in page
    for unsaid in ("Rahasia", "Pengelola Contoh", "21.01.06"):
        assert unsaid not in page + Office().get(STORIES).text
    assert "What changed" in Office().get(f"{STORIES}/{made}?lang=en").text
    assert len(page.encode()) < 20_000


def test_without_consent_or_the_last_stage_there_is_no_story() -> None:
    here = library()
    unsaid = reported(here, "cerita", by=NATION, fields=STORY)
    early = reported(here, "cerita", by=KEPRI, fields=STORY, izin_terbit="yes")
    activity = reported(here, by=NATION, title="Kelas lain")
    for one in (unsaid, early, activity, uuid4()):
        assert Office(BINTAN).get(f"{STORIES}/{one}").status_code == 404
    assert titles() == []
    assert "Belum ada cerita yang terbit" in Office().get(STORIES).text


def test_what_is_taken_back_is_gone_from_its_address() -> None:
    made = told(library())
    assert Office().get(f"{STORIES}/{made}").status_code == 200
    with database.sessions.begin() as session:
        revision = activities.find(session, NATION, made).revision
        verification.delete(session, NATION, made, revision, "Diminta yang bersangkutan.")
    assert Office().get(f"{STORIES}/{made}").status_code == 404


def test_stories_are_found_by_words_region_and_field() -> None:
    told(library("21.01.06.2001"))
    told(library("14.01.02.2005"), title="Posyandu remaja", bidang="Kesehatan")
    assert titles("?region=21") == titles("?region=21.01") == titles("?topic=Ekonomi")
    assert titles("?region=14") == titles("?topic=Kesehatan") == ["Posyandu remaja"]
    assert titles("?q=posyandu+KERIPIK") == ["Posyandu remaja"], "title and text together"
    for nothing in ("?q=100%25x", "?q=_eripik", "?region=21&topic=Kesehatan", "?q=%5C"):
        assert titles(nothing) == []
        assert "Tidak ada cerita yang cocok" in Office().get(f"{STORIES}{nothing}").text
    assert len(titles("?q=100%25")) == 2
    assert len(titles("?region=99&topic=Sihir")) == 2, "what nobody knows is not asked for"


def test_stories_come_page_by_page_the_newest_first() -> None:
    here = library()
    for number in range(published_stories.PAGE + 2):
        told(here, title=f"Cerita nomor {number}")
    page = Office().get(f"{STORIES}?topic=Ekonomi").text
    assert f"nomor {published_stories.PAGE + 1}<" in page
    assert "nomor 1<" not in page
    assert len(page.encode()) < 30_000
    [following] = re.findall(r'rel="next" href="([^"]+)"', page)
    assert titles(following.replace("&amp;", "&")) == ["Cerita nomor 1", "Cerita nomor 0"]


def test_the_public_pages_lead_to_them() -> None:
    for page in ("/reporting/public", "/reporting/open"):
        assert f'href="{STORIES}"' in Office().get(page).text
