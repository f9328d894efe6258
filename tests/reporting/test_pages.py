"""An official orders, watches, cancels and downloads by pages alone, without JavaScript."""

from pathlib import Path

import pytest
from reporting.builders import EXAMPLE, KEPRI, Office
from sites import form_token
from sqlalchemy import text

from services.reporting import jobs
from services.reporting.resources import database

PAGE = f"/reporting/meetings/{EXAMPLE}"


def statuses() -> list[str]:
    with database.sessions.begin() as session:
        return list(session.execute(text("SELECT status FROM report_job ORDER BY id")).scalars())


def test_a_report_is_ordered_watched_and_downloaded_without_javascript(example: Path) -> None:
    assert example
    office = Office(KEPRI)
    page = office.get(PAGE).text
    form = {"kind": "attendance_list", "meeting": EXAMPLE, "format": "pdf", "language": "id"}
    form["form_token"] = form_token(page)
    sent = office.post("/reporting/reports", data=form)
    assert sent.status_code == 303
    assert (
        office.post("/reporting/reports", data=form).headers["location"] == sent.headers["location"]
    )
    address = sent.headers["location"]
    waiting = office.get(address).text
    assert "Menunggu giliran" in waiting
    assert "Lihat kemajuan terbaru" in waiting
    jobs.make_reports()
    done = office.get(address).text
    link = done.split('class="button" href="')[1].split('"')[0]
    assert office.get(link).content.startswith(b"%PDF")
    assert "Batalkan" not in done
    assert "Selesai" in office.get("/reporting/").text
    assert "Daftar hadir: Peer Learning Meeting" in office.get("/reporting/").text


def test_a_report_is_cancelled_and_ordered_again_by_its_page(example: Path) -> None:
    assert example
    office = Office(KEPRI)
    address = office.order("csv").headers["location"].replace("/api/v1", "")
    refused = office.post(f"{address}/cancel", data={"form_token": "forged"})
    assert refused.status_code == 422
    assert "terlalu lama terbuka" in refused.text
    assert statuses() == ["queued"]
    token = form_token(office.get(address).text)
    assert office.post(f"{address}/cancel", data={"form_token": token}).status_code == 303
    page = office.get(address).text
    assert "Dibatalkan" in page
    again = office.post(
        "/reporting/reports",
        data={"form_token": form_token(page), "kind": "attendance_list", "format": "csv"}
        | {"meeting": EXAMPLE, "language": "id"},
    )
    assert again.status_code == 303
    assert again.headers["location"] != address
    assert statuses() == ["cancelled", "queued"]


@pytest.mark.parametrize(
    ("wrong", "status", "told"),
    [
        ({"form_token": "forged"}, 422, "terlalu lama terbuka"),
        ({"format": "docx"}, 422, 'href="#format"'),
        ({"language": ""}, 422, 'href="#language"'),
        ({"kind": "everything"}, 422, "Pilih salah satu"),
        ({"meeting": "plm-x"}, 404, "tidak ada"),
        ({"meeting": "a\0b"}, 404, "tidak ada"),
    ],
)
def test_a_form_with_a_mistake_comes_back_with_it(
    example: Path, wrong: dict[str, str], status: int, told: str
) -> None:
    assert example
    office = Office(KEPRI)
    form = {"kind": "attendance_list", "meeting": EXAMPLE, "format": "pdf", "language": "id"}
    form["form_token"] = form_token(office.get(PAGE).text)
    answer = office.post("/reporting/reports", data=form | wrong)
    assert answer.status_code == status
    assert told in answer.text
    assert statuses() == []


def test_a_failed_report_says_why_and_can_be_ordered_again(example: Path) -> None:
    assert example
    office = Office(KEPRI)
    address = office.order().headers["location"].replace("/api/v1", "")
    with database.sessions.begin() as session:
        session.execute(text("UPDATE report_job SET status = 'failed', error = 'gave-up'"))
    assert "lima kali dicoba" in office.get(address).text
    assert "Order again" in office.get(f"{address}?lang=en").text
