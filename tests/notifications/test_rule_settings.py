"""What the national library decides about rules, and that it holds."""

from collections.abc import Callable

import httpx
import pytest
from notifications.mailroom import (
    Mailroom,
    changed,
    code_requested,
    deliver,
    messages,
    registered,
    rows,
)
from sites import form_token
from uuid_utils.compat import uuid7

from services.notifications import rule_settings, rule_words, rules, words
from services.notifications.resources import database
from services.notifications.rule_settings import AlwaysOn, ChannelsUnfit, RuleNotFound
from shared.events import RegistrationApproved, RegistrationCancelled
from shared.security import Caller, Role, issue_token

pytestmark = pytest.mark.usefixtures("empty", "nobody")

NATIONAL = Caller("national", "Petugas Nasional (contoh)", "petugas")
PAGE = "/notifications/rules/registration-submitted"
API = "/notifications/api/v1/rules"

As = Callable[..., httpx.Client]


@pytest.fixture
def caller(mailroom: Mailroom, our_url: str) -> As:
    def client(role: Role = "national", region_code: str = "") -> httpx.Client:
        who = Caller(role, f"Petugas {role} (contoh)", "petugas", region_code)
        token = issue_token(mailroom.private_key, who, seconds=600)
        return httpx.Client(base_url=our_url, headers={"Authorization": f"Bearer {token}"})

    return client


def decide(name: str, *channels: str, enabled: bool = True) -> None:
    with database.sessions.begin() as session:
        rule_settings.change(
            session,
            NATIONAL,
            name,
            enabled=enabled,
            channels=channels or ("email", "whatsapp", "sms"),
        )


def test_a_rule_that_is_off_writes_nothing_until_it_is_on_again() -> None:
    deliver(registered())
    decide("registration-submitted", enabled=False)
    deliver(registered(), changed(RegistrationApproved))
    assert [message.rule for message in messages()] == [
        "registration-submitted",
        "registration-approved",
    ]
    decide("registration-submitted")
    deliver(registered())
    assert len(messages()) == 3


def test_an_end_that_nobody_is_told_of_still_ends_what_waits() -> None:
    decide("registration-cancelled", enabled=False)
    one = {"registration_id": uuid7()}
    deliver(changed(RegistrationApproved, **one))
    deliver(
        changed(RegistrationCancelled, version=3, status="cancelled", by="host", reason="x", **one)
    )
    assert [(message.rule, message.state) for message in messages()] == [
        ("registration-approved", "expired")
    ]


def test_the_order_of_channels_holds_for_what_is_written_afterwards() -> None:
    deliver(registered())
    decide("registration-submitted", "sms", "email")
    deliver(registered())
    first, second = messages()
    assert (first.channel, second.channel) == ("email", "sms")
    assert [way["channel"] for way in second.fallbacks] == ["email"]


def test_codes_are_always_sent() -> None:
    with pytest.raises(AlwaysOn):
        decide("sign-in-code", enabled=False)
    deliver(code_requested())
    assert len(messages()) == 1


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(RuleNotFound):
        decide("tidak-ada")
    for channels in (("email", "email"), ("merpati",)):
        with pytest.raises(ChannelsUnfit):
            decide("thanks", *channels)


def test_each_rule_has_its_words() -> None:
    names = {rule.name for rule in rules.ALL}
    assert names == set(rule_words.TRIGGERS)
    assert names <= set(words.RULES)
    assert len(names) == len(rules.ALL)


def test_the_page_lists_every_rule_and_who_changed_it(caller: As) -> None:
    with caller() as client:
        page = client.get("/notifications/rules")
        for rule in rules.ALL:
            assert f'/notifications/rules/{rule.name}"' in page.text
        form = {
            "form_token": form_token(client.get(PAGE).text),
            "enabled": "no",
            "channel_1": "whatsapp",
            "channel_2": "email",
            "channel_3": "",
        }
        answer = client.post(PAGE, data=form)
        assert answer.status_code == 303
        page = client.get(answer.headers["location"])
        assert "Petugas national (contoh)" in page.text
        assert "Dimatikan" in client.get("/notifications/rules").text
    [setting] = rows("SELECT * FROM rule_setting")
    assert (setting.enabled, setting.channels) == (False, ["whatsapp", "email"])


def test_what_is_wrong_is_said_beside_what_was_chosen(caller: As) -> None:
    with caller() as client:
        token = form_token(client.get(PAGE).text)
        twice = {"enabled": "no", "channel_1": "sms", "channel_2": "sms"}
        answer = client.post(PAGE, data={"form_token": token, **twice})
        assert answer.status_code == 422
        assert "masing-masing satu kali" in answer.text
        assert answer.text.count('<option value="sms" selected>') == 2
        code = "/notifications/rules/sign-in-code"
        answer = client.post(
            code, data={"form_token": token, "enabled": "no", "channel_1": "email"}
        )
        assert "Kode masuk selalu dikirim" in answer.text
        assert client.post(PAGE, data={"enabled": "yes", "channel_1": "sms"}).status_code == 422
        assert client.get("/notifications/rules/tidak-ada").status_code == 404
    assert rows("SELECT FROM rule_setting") == []


def test_programs_do_the_same_over_json(caller: As) -> None:
    with caller() as client:
        listed = client.get(API).json()["items"]
        assert [one["name"] for one in listed] == [rule.name for rule in rules.ALL]
        change = {"enabled": False, "channels": ["sms"]}
        answer = client.put(f"{API}/thanks", json=change)
        assert answer.status_code == 200
        assert answer.json()["changed_by"] == "Petugas national (contoh)"
        assert client.get(f"{API}/thanks").json()["channels"] == ["sms"]
        assert client.put(f"{API}/sign-in-code", json=change).json()["code"] == "always-on"
        wrong = {"enabled": True, "channels": ["sms", "sms"]}
        assert client.put(f"{API}/thanks", json=wrong).json()["code"] == "channels"
        assert client.put(f"{API}/tidak-ada", json=change).status_code == 404


@pytest.mark.parametrize("role", ["province", "regency", "library"])
def test_only_the_national_library_decides(caller: As, role: Role) -> None:
    with caller(role, "21") as client:
        for answer in (
            client.get("/notifications/rules"),
            client.get(PAGE),
            client.post(PAGE, data={"enabled": "no"}),
            client.get(API),
            client.put(f"{API}/thanks", json={"enabled": False, "channels": ["sms"]}),
        ):
            assert answer.status_code == 403
