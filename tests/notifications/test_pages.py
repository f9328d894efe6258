"""What officials see of messages, over HTTP; and what nobody else sees."""

import re
from collections.abc import Iterator

import httpx
import pytest
from notifications.desk import BINTAN, JATENG, KARIMUN, signed_in
from notifications.mailroom import (
    ROOT,
    Mailroom,
    account_created,
    code_requested,
    deliver,
    messages,
    registered,
    rows,
    sealed,
    send_due,
)

from shared.events import RegistrationErased
from shared.local.smtp_sink import Faults, SmtpSink
from shared.security import Role
from shared.web import untranslated

pytestmark = pytest.mark.usefixtures("empty")

LIST = "/notifications/api/v1/messages"


@pytest.fixture
def anonymous(our_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=our_url) as client:
        yield client


def test_every_page_of_messages_refuses_who_is_not_signed_in(anonymous: httpx.Client) -> None:
    """A walk of all routes is in test_boundaries; here there is something to refuse."""
    deliver(registered())
    [message] = messages()
    for path in (LIST, f"{LIST}/{message.id}"):
        answer = anonymous.get(path)
        assert answer.status_code == 401
        assert answer.json()["code"] == "unauthenticated"
        assert "peserta@contoh.id" not in answer.text
    for path in ("", f"messages/{message.id}", f"messages/{message.id}/html"):
        answer = anonymous.get(f"/notifications/{path}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/registration/sign-in?next=")
        assert "peserta@contoh.id" not in answer.text


@pytest.mark.parametrize("role", ["library", "master_trainer"])
def test_who_is_no_official_sees_nothing(mailroom: Mailroom, our_url: str, role: Role) -> None:
    deliver(registered())
    with signed_in(mailroom, our_url, role, "21") as client:
        assert client.get(LIST).status_code == 403
        answer = client.get("/notifications/")
        assert answer.status_code == 403
        assert "peserta@contoh.id" not in answer.text


def test_officials_see_the_messages_of_their_own_region(mailroom: Mailroom, our_url: str) -> None:
    for region in (BINTAN, KARIMUN, JATENG):
        deliver(registered(email=f"warga{region}@contoh.id", region_code=region))
    every: list[tuple[Role, str, list[str]]] = [
        ("national", "", [JATENG, KARIMUN, BINTAN]),
        ("province", "21", [KARIMUN, BINTAN]),
        ("province", "33", [JATENG]),
        ("regency", "21.01", [BINTAN]),
        ("regency", "2", []),
        ("province", "", []),
    ]
    for role, region, expected in every:
        with signed_in(mailroom, our_url, role, region) as client:
            items = client.get(LIST).json()["items"]
            assert [item["region_code"] for item in items] == expected, (role, region)
            page = client.get("/notifications/").text
            for message in messages():
                is_mine = message.region_code in expected
                assert (message.recipient in page) is is_mine
                there = (f"{LIST}/{message.id}", f"/notifications/messages/{message.id}")
                for path in (*there, f"{there[1]}/html"):
                    assert client.get(path).status_code == (200 if is_mine else 404)


def test_a_recipient_is_found_by_the_beginning_of_address_or_number(
    national: httpx.Client,
) -> None:
    deliver(registered(email="Siti_Aminah@contoh.id"), registered(email="sitiXaminah@contoh.id"))
    deliver(registered(email=None, phone="+6281234567890"), registered(email="lain@contoh.id"))

    def found(recipient: str) -> set[str]:
        answer = national.get(LIST, params={"recipient": recipient})
        return {item["recipient"] for item in answer.json()["items"]}

    assert found("siti_") == {"Siti_Aminah@contoh.id"}
    assert found(" SITI") == {"Siti_Aminah@contoh.id", "sitiXaminah@contoh.id"}
    assert found("08123") == found("+62812") == {"+6281234567890"}
    assert found("%") == set()
    assert "lain@contoh.id" in national.get("/notifications/?q=lain").text


def test_the_list_goes_on_page_by_page(national: httpx.Client, sink: SmtpSink) -> None:
    deliver(*(registered(email=f"p{number}@contoh.id") for number in range(70)))
    send_due()
    assert sink.directory.exists()
    deliver(*(registered(email=f"q{number}@contoh.id") for number in range(60)))
    newest_first = [message.recipient for message in reversed(messages())]
    walked: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = national.get(LIST, params=after).json()
        walked += [item["recipient"] for item in answer["items"]]
        if answer["next"] is None:
            break
        assert len(answer["items"]) == 50
        after = {"after": answer["next"]}
    assert walked == newest_first
    assert len(national.get(LIST, params={"state": "queued"}).json()["items"]) == 50
    page = national.get("/notifications/?state=queued").text
    assert "p1@contoh.id" not in page
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    rest = national.get("/notifications/" + following[1].replace("&amp;", "&")).text
    assert rest.count("@contoh.id</a>") == 10
    assert 'rel="next"' not in rest


@pytest.mark.parametrize(
    "query", ["state=sent", "after=x", "recipient=" + "x" * 300, "after=%00", "recipient=%00"]
)
def test_a_wrong_question_is_answered_with_what_is_wrong(
    national: httpx.Client, query: str
) -> None:
    page = national.get(f"/notifications/?{query.replace('recipient', 'q')}")
    assert page.status_code in {400, 422}
    answer = national.get(f"{LIST}?{query}")
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_messages_whole_history_is_one_page(national: httpx.Client, sink: SmtpSink) -> None:
    sink.faults = Faults(recipient_answer="451 4.3.2 try again later")
    deliver(registered(region_code="21.01"))
    send_due()
    sink.faults = Faults()
    rows("UPDATE message SET next_attempt_at = now()")
    send_due()
    [message] = messages()
    detail = national.get(f"{LIST}/{message.id}").json()
    assert detail["class"] == "transactional"
    assert [attempt["outcome"] for attempt in detail["history"]] == [
        "retryable",
        "retryable",
        "accepted",
    ]
    assert [attempt["reply"] for attempt in detail["history"]] == [
        "451 4.3.2 try again later",
        "451 4.3.2 try again later",
        "250 OK",
    ]
    page = national.get(f"/notifications/messages/{message.id}").text
    for said in ("Terkirim", "451 4.3.2 try again later", "250 OK", "K7QF3-M2DXA", "Kab. Bintan"):
        assert said in page


def test_an_official_reads_the_mail_but_does_not_hold_its_key(national: httpx.Client) -> None:
    deliver(registered())
    [message] = messages()
    assert message.html.count("rahasia") == 3
    for path in (
        f"{LIST}/{message.id}",
        f"/notifications/messages/{message.id}",
        f"/notifications/messages/{message.id}/html",
    ):
        answer = national.get(path)
        assert "/registration/r/…" in answer.text
        assert "rahasia" not in answer.text


def test_nobody_reads_a_code_or_opens_an_account_link_in_the_console(
    national: httpx.Client, sink: SmtpSink
) -> None:
    deliver(code_requested(), account_created())
    send_due("code")
    assert sink.directory.exists()
    code, account = messages()
    for path in (
        LIST,
        f"{LIST}/{code.id}",
        "/notifications/",
        f"/notifications/messages/{code.id}",
        f"/notifications/messages/{code.id}/html",
        f"{LIST}/{account.id}",
        f"/notifications/messages/{account.id}",
        f"/notifications/messages/{account.id}/html",
    ):
        answer = national.get(path).text
        assert "482913" not in answer, path
        assert "rahasia-7" not in answer, path
    assert "kodenya hanya untuk penerima" in national.get(f"/notifications/messages/{code.id}").text
    assert national.get(f"/notifications/messages/{code.id}/html").status_code == 404
    assert "/registration/password/…" in national.get(f"{LIST}/{account.id}").text


def test_the_page_of_a_message_whose_recipient_was_erased(national: httpx.Client) -> None:
    event = registered()
    deliver(event)
    deliver(sealed(RegistrationErased(registration_id=event.data.registration_id)))
    [message] = messages()
    page = national.get(f"/notifications/messages/{message.id}").text
    assert "dihapus bersama data penerimanya" in page
    assert "peserta@contoh.id" not in page
    assert "data sudah dihapus</a>" in national.get("/notifications/").text
    assert national.get(LIST).json()["items"][0]["recipient"] == ""


def test_the_shown_mail_can_do_nothing(national: httpx.Client) -> None:
    deliver(registered(name="<script>alert(1)</script>"))
    [message] = messages()
    page = national.get(f"/notifications/messages/{message.id}")
    assert f'<iframe sandbox="" src="/notifications/messages/{message.id}/html"' in page.text
    assert "<script>alert" not in page.text
    shown = national.get(f"/notifications/messages/{message.id}/html")
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox" in policy.split("; ")
    assert "script" not in policy
    assert shown.headers["cache-control"] == "private, no-store"


def test_the_page_of_an_sms_and_of_forgotten_contents(national: httpx.Client) -> None:
    deliver(registered(email=None))
    [message] = messages()
    page = national.get(f"/notifications/messages/{message.id}").text
    assert "Sejawat: pendaftaran Peserta Contoh" in page
    assert "<iframe" not in page
    rows("UPDATE message SET text = NULL")
    page = national.get(f"/notifications/messages/{message.id}").text
    assert "masa simpannya lewat" in page
    assert national.get(f"/notifications/messages/{message.id}/html").status_code == 404


def test_an_empty_list_says_what_to_do(national: httpx.Client) -> None:
    assert "Belum ada pesan" in national.get("/notifications/").text
    nothing = national.get("/notifications/?q=tidak-ada").text
    assert "Tidak ada pesan yang cocok" in nothing
    assert 'href="/notifications/"' in nothing


def test_every_text_has_its_english(national: httpx.Client) -> None:
    assert untranslated([ROOT / "services" / "notifications"]) == set()
    deliver(registered())
    [message] = messages()
    page = national.get(f"/notifications/messages/{message.id}?lang=en").text
    assert "Waiting to be sent" in page
    assert "Registration received" in page


def test_health_and_metrics_are_open(anonymous: httpx.Client) -> None:
    assert anonymous.get("/notifications/health/ready").status_code == 200
    assert "bus_parked_events" in anonymous.get("/notifications/metrics").text
