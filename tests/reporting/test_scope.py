"""No reader sees a neighbour's row, total, file, or scheduled report, whatever they ask for."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import pypdf
import pytest
from python_calamine import CalamineWorkbook
from reporting.builders import Office, tell
from reporting.libraries import BINTAN, KEPRI, RIAU, library
from reporting.sums import added_up, people, reported
from things import WORDS
from walking import Step, steps

from services.reporting import jobs, report_schedules
from services.reporting.report_kinds import KINDS
from services.reporting.resources import database
from shared.events import AccountChanged
from shared.security import STAFF, Caller

OURS, THEIRS = "Perpustakaan Sini", "Perpustakaan Sebelah"
# What only the neighbour has: a library, a title, a figure, and that figure added to ours.
MARKS = (THEIRS, "Kelas sebelah", "7131", "7.131", "7155", "7.155")
KARIMUN = Caller("regency", "Kabupaten Tetangga", "karimun", "21.02")
MONTH = "2026-11"
NEIGHBOURS = pytest.mark.parametrize(
    ("reader", "neighbour"), [(KEPRI, RIAU), (BINTAN, KARIMUN)], ids=["province", "regency"]
)
FILES = [(name, form) for name, kind in KINDS.items() if kind.of_period for form in kind.formats]


@pytest.fixture
def summed(empty: object, neighbour: Caller) -> None:
    """A library of ours and one of the neighbour's, both with an activity and a story."""
    assert empty
    theirs = "14.01.01.2001" if neighbour is RIAU else "21.02.01.2001"
    for code, name, count in (("21.01.06.2001", OURS, 24), (theirs, THEIRS, 7131)):
        of, title = library(code, name), f"Kelas {name.split()[1].lower()}"
        reported(of, title=title, **people(count))
        told = {"sebelum": "Sebelum.", "sesudah": "Sesudah.", "izin_terbit": "yes"}
        reported(of, "cerita", None, title=f"{title}: cerita", **told)
    added_up()


def marks(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


def answers(office: Office, step: Step, region: str) -> Iterator[str]:
    """What a page answers to who asks for all, for a name, or for a region outright."""
    address = f"/reporting{step.route.path}"
    for word, value in WORDS.items():
        address = address.replace(word, value)
    shown = f"first={MONTH}&last={MONTH}&month={MONTH}&measure=people&stream=pelibatan"
    for query in ("", shown, f"{shown}&region={region}", "state=all&q=sebelah"):
        yield office.get(f"{address}?{query}").text


def pages() -> list[Step]:
    """The lists, figures and downloads of officials; what is public is verified and everybody's."""
    return [
        step
        for step in steps("reporting")
        if step.method == "GET" and set(step.roles) & set(STAFF) and not step.things
    ]


@NEIGHBOURS
@pytest.mark.usefixtures("summed")
def test_no_page_tells_of_a_neighbour(reader: Caller, neighbour: Caller) -> None:
    told: dict[str, set[str]] = {"reader": set(), "neighbour": set()}
    for step in pages():
        for name, caller in (("reader", reader), ("neighbour", neighbour)):
            for text in answers(Office(caller), step, neighbour.region_code):
                told[name] |= {f"{step.name}: {mark}" for mark in marks(text)}
    assert told["reader"] == set()
    assert len(told["neighbour"]) > 5  # the walk sees what there is to be seen


def order(office: Office, kind: str, form: str, region: str) -> Any:
    params = {"region": region, "period": MONTH}
    if kind == "extract":
        params["stream"] = "pelibatan"
    body = {"kind": kind, "format": form, "params": params}
    return office.post("/reporting/api/v1/reports", json=body)


def made(office: Office, kind: str, form: str, region: str) -> str:
    """The link to a report, ordered and made."""
    answer = order(office, kind, form, region)
    assert answer.status_code == 202, answer.text
    jobs.make_reports()
    return str(office.get(answer.headers["location"]).json()["download"])


def content(form: str, file: bytes) -> str:
    """All words of a file."""
    if form == "pdf":
        return " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(file)).pages)
    if form == "xlsx":
        book = CalamineWorkbook.from_filelike(BytesIO(file))
        return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])
    return file.decode()


@pytest.mark.parametrize(("kind", "form"), FILES)
@NEIGHBOURS
@pytest.mark.usefixtures("summed")
def test_no_file_tells_of_a_neighbour(
    reader: Caller, neighbour: Caller, kind: str, form: str
) -> None:
    ours, theirs = ("21.01", "14.01") if neighbour is RIAU else ("21.01", "21.02")
    if kind != "library_recap":
        ours, theirs = reader.region_code, neighbour.region_code
    mine, other = Office(reader), Office(neighbour)
    assert marks(content(form, mine.get(made(mine, kind, form, ours)).content)) == []
    link = made(other, kind, form, theirs)
    assert marks(content(form, other.get(link).content))
    assert mine.get(link).status_code == 404
    assert order(mine, kind, form, theirs).status_code in {403, 404, 422}


@pytest.mark.parametrize("neighbour", [RIAU], ids=["province"])
@pytest.mark.usefixtures("summed")
def test_who_moved_after_the_order_gets_no_scheduled_file_of_the_old_region() -> None:
    account = uuid4()
    before = Caller("province", "Provinsi Contoh", str(account), "14")
    fields = {"name": before.name, "email": "a@contoh.id", "phone": None, "language": "id"}
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)

    def account_is_of(region_code: str, version: int) -> None:
        told = {"account_id": account, "version": version, "role": "province", "active": True}
        tell(AccountChanged.model_validate(fields | told | {"region_code": region_code}))

    account_is_of("14", 1)
    wanted = {"kind": "completeness", "format": "csv", "params": {"region": "14"}}
    with database.sessions.begin() as session:
        report_schedules.add(session, before, wanted, "month", "0 8 11 * *", "Asia/Jakarta", now)
    with database.sessions.begin() as session:
        assert report_schedules.take_turn(session, datetime(2026, 12, 12, tzinfo=UTC))
    jobs.make_reports()
    [row] = Office(before).get("/reporting/api/v1/reports").json()["items"]
    page = f"/reporting/reports/{row['id']}"
    assert Office(before).get(page).status_code == 200
    account_is_of("21", 2)
    moved = Office(Caller("province", before.name, str(account), "21"))
    assert moved.get(page).status_code == 404
    assert moved.get(row["download"]).status_code == 404
    assert moved.get("/reporting/api/v1/reports").json()["items"] == []
