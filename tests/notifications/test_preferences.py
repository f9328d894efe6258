"""What somebody does not want: said by a link from a message, kept by every claim."""

import re
from collections.abc import Iterator

import httpx
import pytest
from notifications.announcing_people import official, participant
from notifications.mailroom import (
    code_requested,
    deliver,
    mails,
    messages,
    registered,
    rows,
    send_due,
)
from sites import form_token
from uuid_utils.compat import uuid7

from services.notifications import messages as noun
from services.notifications import preferences
from services.notifications.intents import Intent
from services.notifications.resources import database, preference_links, unsubscribe_links
from services.notifications.rules import Rule
from shared.local.smtp_sink import SmtpSink
from shared.security import COOKIE
from shared.tracing import new_traceparent

pytestmark = pytest.mark.usefixtures("empty", "nobody")

WHO = "Peserta@contoh.id"
SLOTS = ("name", "code", "own_link", "meeting", "days", "hours", "venue")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
RULES = {name: Rule(f"test-{name}", "reminder_week", name) for name in preferences.OPTIONAL}


@pytest.fixture
def browser(our_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=our_url, follow_redirects=True) as client:
        yield client


def path(link: str) -> str:
    return link.removeprefix("http://sejawat.contoh.id")


def write(address: str | None = WHO, phone: str | None = None) -> None:
    """One message of each class that may be refused, as to somebody where it is noon."""
    for rule in RULES.values():
        intent = Intent(
            event_id=uuid7(),
            about="x",
            version=None,
            traceparent=new_traceparent(),
            email=address,
            phone=phone,
            language="id",
            region_code="21",
            expires_at=registered().data.meeting.ends_at,
            values=dict.fromkeys(
                ("name", "code", "own_link", "meeting", "days", "hours", "venue"), "contoh"
            ),
        )
        with database.sessions.begin() as session:
            noun.write(session, rule, [intent])
    rows("UPDATE message SET zone = NULL")


def send_all() -> dict[str, str]:
    for work_class in preferences.OPTIONAL:
        send_due(work_class)
    return {row["class"]: row.state for row in (m._mapping for m in messages())}


def sent() -> set[str]:
    for work_class in preferences.OPTIONAL:
        send_due(work_class)
    found = rows("SELECT class FROM message WHERE state = 'accepted'")
    return {row[0] for row in found}


def test_a_mail_leads_to_the_choice_and_the_choice_holds_for_what_waits(
    browser: httpx.Client, sink: SmtpSink
) -> None:
    write()
    [link] = set(re.findall(r"http://sejawat\S+/preferences/\S+", messages()[0].text))
    page = browser.get(path(link))
    assert page.status_code == 200
    assert "peserta@contoh.id" in page.text
    assert page.text.count(" checked") == 3
    chosen = {"form_token": form_token(page.text), "wanted": ["reminder", "digest"]}
    page = browser.post(path(link).partition("?")[0], data=chosen)
    assert "Pilihan Anda sudah disimpan" in page.text
    assert page.text.count(" checked") == 2
    assert sent() == {"reminder", "digest"}
    [held] = rows("SELECT state, state_reason FROM message WHERE class = 'bulk'")
    assert tuple(held) == ("suppressed", "unwanted")
    chosen["wanted"] = ["reminder", "digest", "bulk"]
    browser.post(path(link).partition("?")[0], data=chosen)
    assert rows("SELECT FROM preference") == []
    assert len(mails(sink)) == 2


def test_codes_and_confirmations_always_come(browser: httpx.Client, sink: SmtpSink) -> None:
    page = browser.get(path(preferences.link(WHO, "id")))
    assert "Yang selalu datang" in page.text
    address = str(page.url.copy_with(query=None))
    browser.post(address, data={"form_token": form_token(page.text)})
    assert len(rows("SELECT FROM preference")) == 3
    browser.post(
        address, data={"form_token": form_token(page.text), "wanted": ["code", "transactional"]}
    )
    deliver(registered(email=WHO), code_requested(email=WHO))
    send_due("code")
    send_due()
    assert len(mails(sink)) == 2
    assert {message.unsubscribe for message in messages()} == {None}
    assert all("List-Unsubscribe" not in mail for mail in mails(sink))


def test_one_click_as_gmail_does_it(browser: httpx.Client, sink: SmtpSink) -> None:
    """A POST from a server of theirs: no cookie, no page before, nothing but header and body."""
    write()
    send_due("bulk")
    [mail] = mails(sink)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(mail["List-Unsubscribe"]).strip("<>")
    for _ in range(2):  # twice is once
        answer = browser.post(path(link), data=ONE_CLICK)
        assert answer.status_code == 200
    [no] = rows("SELECT address, class FROM preference")
    assert tuple(no) == ("peserta@contoh.id", "bulk")
    assert sent() == {"reminder", "bulk", "digest"}, "one class only, and what was sent is sent"
    write()
    assert rows("SELECT count(*) FROM message WHERE class = 'bulk'")[0][0] == 2
    sent()
    assert [
        row.state for row in rows("SELECT state FROM message WHERE class = 'bulk' ORDER BY id")
    ] == [
        "accepted",
        "suppressed",
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://mail.contoh.id", "sec-fetch-site": "cross-site"},
        {"cookie": f"{COOKIE}=rusak"},
        {"content-type": "multipart/form-data; boundary=x"},
    ],
)
def test_one_click_works_from_anywhere(browser: httpx.Client, headers: dict[str, str]) -> None:
    link = path(preferences.unsubscribe_link(WHO, "reminder"))
    body = (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--'
    )
    assert browser.post(link, content=body, headers=headers).status_code == 200
    assert len(rows("SELECT FROM preference")) == 1


def test_looking_at_the_link_ends_nothing_and_its_button_does(browser: httpx.Client) -> None:
    link = path(preferences.unsubscribe_link(WHO, "digest"))
    page = browser.get(link)
    assert "Berhenti menerima pesan ini?" in page.text
    assert rows("SELECT FROM preference") == []
    done = browser.post(link, data=ONE_CLICK)
    assert "Ringkasan harian tidak akan kami kirim lagi" in done.text
    back = re.search(r'href="(http://sejawat[^"]+/preferences/[^"]+)"', done.text)
    assert back
    assert browser.get(path(back[1])).text.count(" checked") == 2


def test_a_link_that_is_not_ours_says_nothing_about_anybody(browser: httpx.Client) -> None:
    preference, unsubscribe = "/notifications/preferences/", "/notifications/unsubscribe/"
    bad = [
        preference + "dibuat-buat",
        preference + preference_links.sign(WHO, seconds=-1),
        preference + unsubscribe_links.sign(f"bulk {WHO}", seconds=60),
        unsubscribe + preference_links.sign(f"bulk {WHO}", seconds=60),
        unsubscribe + unsubscribe_links.sign(f"code {WHO}", seconds=60),
        unsubscribe + "dibuat-buat",
    ]
    form = {"form_token": form_token(browser.get(path(preferences.link(WHO, "id"))).text)}
    answers = [browser.get(address) for address in bad]
    answers += [browser.post(address, data=form) for address in bad]
    assert {answer.status_code for answer in answers} == {404}
    said = {re.sub(r'"\?lang[^"]*"|value="[^"]+"', "", answer.text) for answer in answers}
    assert all("contoh.id" not in text for text in said)
    assert rows("SELECT FROM preference") == []


def test_who_is_told_by_sms_has_a_choice_of_their_own(browser: httpx.Client) -> None:
    write(address=None, phone="+628110000009")
    link = path(preferences.unsubscribe_link("+628110000009", "reminder"))
    browser.post(link, data=ONE_CLICK)
    assert send_all() == {"reminder": "suppressed", "bulk": "accepted", "digest": "accepted"}
    assert {message.unsubscribe for message in messages()} == {None}


def test_the_choice_speaks_english(browser: httpx.Client) -> None:
    page = browser.get(path(preferences.link(WHO, "en")))
    assert "Messages for you" in page.text
    assert "What always comes" in page.text


def refused() -> set[str]:
    return {row.address for row in rows("SELECT address FROM preference")}


def test_a_no_by_mail_holds_for_the_same_persons_phone(browser: httpx.Client) -> None:
    participant(email=WHO, phone="+628110000009")
    participant(email="lain@contoh.id", phone="+628110000010")
    browser.post(path(preferences.unsubscribe_link(WHO, "bulk")), data=ONE_CLICK)
    assert refused() == {WHO.lower(), "+628110000009"}
    write(address=None, phone="+628110000009")
    assert send_all() == {"reminder": "accepted", "bulk": "suppressed", "digest": "accepted"}
    page = browser.get(path(preferences.link("+628110000009", "id")))
    assert page.text.count(" checked") == 2
    chosen = {"form_token": form_token(page.text), "wanted": list(preferences.OPTIONAL)}
    browser.post(str(page.url.copy_with(query=None)), data=chosen)
    assert refused() == set(), "and a yes by phone for the mailbox"


def test_an_officials_no_holds_for_both_addresses(browser: httpx.Client) -> None:
    official(email=WHO, phone="+628110000009")
    browser.post(path(preferences.unsubscribe_link("+628110000009", "digest")), data=ONE_CLICK)
    assert refused() == {WHO.lower(), "+628110000009"}


def test_nobody_ends_what_comes_to_somebody_else_by_writing_their_number(
    browser: httpx.Client,
) -> None:
    participant(email=WHO, phone="+628110000009")
    participant(email=None, phone="+628110000009")
    browser.post(path(preferences.unsubscribe_link(WHO, "bulk")), data=ONE_CLICK)
    assert refused() == {WHO.lower()}
