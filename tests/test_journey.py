"""The whole way once, as people walk it: the form, the desk, the mails, the count, the paper."""

import io
import re
from email.message import EmailMessage
from typing import Any

import httpx
from pypdf import PdfReader
from sites import Site, eventually, form_token

MEETING = "plm-2027-21"
PERSON = {
    "name": "Ibu Contoh Sejati, S.Sos.",
    "email": "ibu.contoh@contoh.id",
    "phone": "0812-3456-7890",
    "participant_type": "village_library",
    "region_code": "21.01.04.2001",
    "library_name": "Perpustakaan Desa Contoh",
    "position": "Pengelola perpustakaan",
    "consent": "yes",
}


def register_by_form(client: httpx.Client, person: dict[str, str], lang: str = "id") -> str:
    """Fill in the form as a browser without JavaScript does; returns the own page's address."""
    address = f"/registration/meetings/{MEETING}/register"
    wish = {"lang": lang, "participant_type": person["participant_type"]}
    page = client.get(address, params=wish)
    assert page.status_code == 200
    answer = client.post(address, data=person | {"form_token": form_token(page.text)})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def content(mail: EmailMessage, kind: str) -> str:
    """The text or the HTML of a mail."""
    part = mail.get_body((kind,))
    assert part
    return str(part.get_content())


def order_report(client: httpx.Client, site: Site, kind: str) -> httpx.Response:
    order = {"kind": "attendance_list", "format": kind, "params": {"meeting": MEETING}}
    accepted = client.post("/reporting/api/v1/reports", json=order, headers=site.staff)
    assert accepted.status_code == 202, accepted.text

    def finished() -> dict[str, Any] | None:
        job = client.get(accepted.headers["location"], headers=site.staff).json()
        assert job["status"] not in {"failed", "cancelled"}
        return job if job["status"] == "done" else None

    job = eventually(finished, f"the {kind} is made")
    assert job["done"] == job["total"] >= 1
    return client.get(job["download"], headers=site.staff)


def approve(client: httpx.Client, site: Site, code: str) -> None:
    """The host's decision, at the desk."""
    desk = f"/registration/api/v1/meetings/{MEETING}"
    found = client.get(f"{desk}/registrations", params={"q": code}, headers=site.staff)
    [registration] = found.json()["items"]
    decision = {"action": "approve", "ids": [registration["id"]]}
    decided = client.post(f"{desk}/decisions", json=decision, headers=site.staff)
    assert decided.json()["done"] == [registration["id"]], decided.text


def test_a_registration_goes_from_the_form_to_the_desk_the_mail_the_count_and_the_paper(
    site: Site,
) -> None:
    client = site.client()
    own_page = client.get(register_by_form(client, PERSON))
    assert own_page.status_code == 200
    assert "Ibu Contoh Sejati, S.Sos." in own_page.text
    code = re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", own_page.text)
    assert code

    mail = eventually(lambda: site.mails_to(PERSON["email"]), "the confirmation")[0]
    text = content(mail, "plain")
    html = content(mail, "html")
    assert "Kepulauan Riau" in str(mail["Subject"])
    for part in (text, html):
        assert code[0] in part
        assert "Ibu Contoh Sejati" in part
    link = re.search(r"http://\S+/registration/r/[\w.-]+", text)
    assert link
    assert client.get(link[0]).status_code == 200

    def summary() -> dict[str, Any]:
        address = f"/reporting/api/v1/meetings/{MEETING}/summary"
        return client.get(address, headers=site.staff).json()  # type: ignore[no-any-return]

    def of_region(code: str) -> int:
        return sum(row["count"] for row in summary()["by_region"] if row["code"] == code)

    eventually(lambda: summary()["awaiting_decision"], "the registration is counted")
    before = of_region("21.01")
    approve(client, site, code[0])
    eventually(lambda: of_region("21.01") == before + 1, "the approved participant is counted")
    ticket = eventually(lambda: site.mails_to(PERSON["email"])[1:], "the ticket")[0]
    assert code[0] in content(ticket, "plain")
    assert "disetujui" in str(ticket["Subject"])

    pdf = PdfReader(io.BytesIO(order_report(client, site, "pdf").content))
    paper = "\n".join(page.extract_text() for page in pdf.pages)
    assert "Ibu Contoh Sejati, S.Sos." in paper
    assert order_report(client, site, "xlsx").content[:2] == b"PK"
    assert "Ibu Contoh Sejati" in order_report(client, site, "csv").content.decode("utf-8-sig")


def test_an_english_reader_gets_an_english_mail(site: Site) -> None:
    client = site.client()
    person = PERSON | {"email": "english@contoh.id", "name": "English Example"}
    register_by_form(client, person, "en")
    mail = eventually(lambda: site.mails_to("english@contoh.id"), "the confirmation")[0]
    assert "registration" in str(mail["Subject"]).lower()
    assert "Tuesday" in content(mail, "plain")


def test_a_double_click_is_one_registration_and_one_mail(site: Site) -> None:
    client = site.client()
    address = f"/registration/meetings/{MEETING}/register"
    wish = {"participant_type": PERSON["participant_type"]}
    token = form_token(client.get(address, params=wish).text)
    person = PERSON | {"email": "double@contoh.id", "form_token": token}
    first, second = (client.post(address, data=person) for _ in range(2))
    assert first.status_code == second.status_code == 303
    pages = [client.get(answer.headers["location"]).text for answer in (first, second)]
    codes = {re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", page)[0] for page in pages}  # type: ignore[index]
    assert len(codes) == 1
    eventually(lambda: site.mails_to("double@contoh.id"), "the confirmation")
    # A later registration's mail has come, so a second one of this would have come as well.
    register_by_form(client, PERSON | {"email": "after@contoh.id"})
    eventually(lambda: site.mails_to("after@contoh.id"), "the mail after it")
    assert len(site.mails_to("double@contoh.id")) == 1


def test_staff_see_the_message_and_nobody_else_does(site: Site) -> None:
    client = site.client()
    register_by_form(client, PERSON | {"email": "seen@contoh.id"})
    address = "/notifications/api/v1/messages"

    def accepted() -> dict[str, Any] | None:
        answer = client.get(address, params={"recipient": "seen@contoh.id"}, headers=site.staff)
        items = answer.json()["items"]
        return items[0] if items and items[0]["state"] == "accepted" else None

    assert eventually(accepted, "the message is accepted")["recipient"] == "seen@contoh.id"
    assert client.get(address).status_code == 401
    neighbour = site.signed_in("kepri@contoh.id")
    assert neighbour.get(address, params={"recipient": "seen@contoh.id"}).json()["items"]


def test_the_trace_of_a_registration_reaches_the_mail_servers_answer(site: Site) -> None:
    client = site.client()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    client.headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
    register_by_form(client, PERSON | {"email": "traced@contoh.id"})
    log = site.data / "log" / "notifications.log"

    def logged() -> list[str]:
        lines = log.read_text().splitlines()
        return [line for line in lines if trace in line and "mail.accepted" in line]

    assert eventually(logged, "the mail's log line with the request's trace id")


def test_the_idle_site_is_ready_and_says_so(site: Site) -> None:
    client = site.client()
    for name in ("registration", "reporting", "notifications"):
        answer = client.get(f"/{name}/health/ready")
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "ok"
        assert client.get(f"/{name}/health/live").json() == {"status": "ok"}
        assert "bus_unreceived_copies" in client.get(f"/{name}/metrics").text
