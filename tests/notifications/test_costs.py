"""What messages cost, month by month, for whoever's region it is."""

import csv
import re
from datetime import date
from io import StringIO

import httpx
import pytest
from notifications.desk import BINTAN, JATENG, errors, signed_in
from notifications.mailroom import Mailroom, deliver, registered, rows

from services.notifications import costs, forgetting

pytestmark = pytest.mark.usefixtures("empty")

PAGE = "/notifications/costs"
API = "/notifications/api/v1/costs"
SPAN = {"from": "2026-01", "to": "2026-03"}


def spent(when: str, rupiah: str | None, **changes: str) -> None:
    """An SMS that was taken at a time, by default in Bintan."""
    deliver(registered(email=None, region_code=changes.pop("region_code", BINTAN)))
    rows(
        "UPDATE message SET created_at = :when, accepted_at = :when, state = 'accepted', "
        "provider = :provider, channel = :channel, parts = 2, cost = CAST(:cost AS numeric) "
        "WHERE accepted_at IS NULL",
        **({"when": when, "cost": rupiah, "provider": "zenziva", "channel": "sms"} | changes),
    )


@pytest.fixture
def quarter(empty: None) -> None:  # noqa: ARG001 - it comes first
    """The year turns at midnight in Jakarta, which is 17.00 in UTC."""
    spent("2025-12-31T16:59:59Z", "999")
    spent("2025-12-31T17:00:00Z", "350.50")
    spent("2026-02-10T00:00:00Z", "700", provider="infobip")
    spent("2026-02-11T00:00:00Z", "50", region_code=JATENG, channel="whatsapp")
    spent("2026-03-31T16:59:59Z", None, channel="email", provider="smtp")
    spent("2026-03-31T17:00:00Z", "999")


@pytest.mark.usefixtures("quarter")
def test_months_are_whole_in_jakarta(national: httpx.Client) -> None:
    items = national.get(API, params=SPAN).json()["items"]
    assert [(i["month"], i["channel"], i["provider"], i["rupiah"], i["parts"]) for i in items] == [
        ("2026-01", "sms", "zenziva", "350.50", 2),
        ("2026-02", "sms", "infobip", "700.00", 2),
        ("2026-02", "whatsapp", "zenziva", "50.00", 2),
        ("2026-03", "email", "smtp", "0", 2),
    ]
    assert [item["region_code"] for item in items] == ["21", "21", "33", "21"]


@pytest.mark.usefixtures("quarter")
def test_each_region_sees_its_own_a_level_deeper(mailroom: Mailroom, our_url: str) -> None:
    with signed_in(mailroom, our_url, "province", "21") as client:
        items = client.get(API, params=SPAN).json()["items"]
        assert {item["region_code"] for item in items} == {"21.01"}
        page = client.get(PAGE, params=SPAN).text
        assert "Kab. Bintan" in page
        assert "Jawa Tengah" not in page
    with signed_in(mailroom, our_url, "library", "21") as client:
        assert client.get(PAGE).status_code == 403


@pytest.mark.usefixtures("quarter")
def test_the_chart_has_its_words_and_its_table(national: httpx.Client) -> None:
    page = national.get(PAGE, params=SPAN).text
    label = re.search(r'<svg role="img" aria-label="([^"]+)"', page)
    assert label
    assert "Januari 2026 Rp350; Februari 2026 Rp750; Maret 2026 Rp0" in label[1].replace("1;", "0;")
    assert page.count('rx="3" fill="var(--sand)"') == 3, "a bar for each month"
    assert "<style" not in page
    assert "style=" not in page
    assert "Rp1.10" in page
    english = national.get(PAGE, params=SPAN | {"lang": "en"}).text
    assert "February 2026" in english


@pytest.mark.usefixtures("quarter")
def test_the_file_for_a_spreadsheet_holds_the_same(national: httpx.Client) -> None:
    answer = national.get(f"{PAGE}.csv", params=SPAN)
    assert (
        answer.headers["content-disposition"] == 'attachment; filename="biaya-2026-01-2026-03.csv"'
    )
    assert answer.headers["cache-control"] == "private, no-store"
    lines = list(csv.reader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert lines[1][:3] == ["2026-01", "sms", "zenziva"]
    assert lines[1][-4:] == ["Kepulauan Riau", "1", "2", "350,50"]
    assert len(lines) == 5


@pytest.mark.usefixtures("quarter")
def test_the_figures_outlive_what_was_said(national: httpx.Client) -> None:
    before = national.get(API, params=SPAN).json()
    assert forgetting.purge_contents() > 0
    assert rows("SELECT FROM message WHERE text IS NOT NULL AND created_at < '2026-04-01'") == []
    assert national.get(API, params=SPAN).json() == before


def test_what_no_provider_took_costs_nothing(national: httpx.Client) -> None:
    deliver(registered())
    assert national.get(API).json() == {"items": []}
    assert "Belum ada pesan dalam bulan-bulan ini" in national.get(PAGE).text


@pytest.mark.parametrize("asked", [{"from": "2026-03", "to": "2026-01"}, {"from": "2020-01"}])
def test_months_that_cannot_be_are_refused(national: httpx.Client, asked: dict[str, str]) -> None:
    page = national.get(PAGE, params=asked)
    assert page.status_code == 422
    assert "paling lama 24 bulan" in errors(page)
    assert f'value="{asked["from"]}"' in page.text
    assert national.get(API, params=asked).json()["code"] == "months"


def test_an_empty_form_means_the_last_twelve_months() -> None:
    span = costs.span("", "", date(2027, 1, 15))
    assert (span.months[0], span.months[-1], len(span.months)) == ("2026-02", "2027-01", 12)
