"""A signed link serves its file, for an hour, to whom it may."""

from pathlib import Path

import pytest
from reporting.builders import (
    BINTAN,
    KEPRI,
    LIBRARY,
    NATIONAL,
    RIAU,
    Office,
    meeting,
    tell,
)

from services.reporting.resources import file_links, forms
from shared.events import MeetingPublished
from shared.security import Caller

FILES = "/reporting/files/"


@pytest.fixture
def link(example: Path) -> str:
    """The link to a finished list of Kepulauan Riau's."""
    assert example
    return str(Office(KEPRI).report("csv")["download"])


@pytest.mark.parametrize(
    ("caller", "status"),
    [(None, 200), (KEPRI, 200), (NATIONAL, 200), (BINTAN, 404), (RIAU, 404), (LIBRARY, 404)],
)
def test_the_link_serves_whoever_holds_it_unless_it_is_known_to_be_the_wrong_one(
    link: str, caller: Caller | None, status: int
) -> None:
    assert Office(caller).get(link).status_code == status


def test_a_link_that_is_forged_over_or_for_something_else_opens_nothing(link: str) -> None:
    token = link.rpartition("/")[2]
    value = file_links.read(token)
    forged = [
        # Not the last sign, of whose bits some mean nothing.
        token[:-9] + ("A" if token[-9] != "A" else "B") + token[-8:],
        token[1:],
        "",
        "x",
        "." * 5000,
        file_links.sign(value, seconds=-1),
        forms.sign(value, seconds=60),
        file_links.sign(value.replace("kepri", "riau"), seconds=60),
        file_links.sign(value.replace('"21"', '""'), seconds=60),
    ]
    for other in forged:
        answer = Office().get(FILES + other)
        assert answer.status_code == 404, other
        assert "Peserta Contoh" not in answer.text
    assert "masa berlakunya sudah lewat" in Office().get(FILES + forged[5]).text
    assert Office().get(FILES + file_links.sign(value, seconds=60)).status_code == 200


def test_the_scope_is_looked_at_again_when_the_file_is_fetched(link: str) -> None:
    tell(MeetingPublished(meeting=meeting(version=2, province_code="14")))
    assert Office().get(link).status_code == 404
    assert Office(KEPRI).get(link).status_code == 404


def test_a_file_that_is_gone_says_so(link: str, example: Path) -> None:
    for path in example.iterdir():
        path.unlink()
    answer = Office().get(link)
    assert answer.status_code == 404
    assert "berkasnya sudah dihapus" in answer.text


def test_a_broken_download_goes_on_where_it_stopped(link: str) -> None:
    whole = Office().get(link).content
    rest = Office().get(link, headers={"range": "bytes=100-"})
    assert rest.status_code == 206
    assert whole[100:] == rest.content
