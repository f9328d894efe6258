"""Webhooks as officials handle them: pages and API, each in their own region."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fakes.receiver import Faults
from notifications.hooks import ELSEWHERE, add, deliveries, endpoint, forget_all, hook, send
from notifications.mailroom import ROOT, Mailroom, deliver, registered, rows

from services.notifications import jobs, webhook_types, webhooks
from services.notifications.resources import bus, forms
from shared.security import Caller, Role, issue_token
from shared.web import untranslated

pytestmark = pytest.mark.usefixtures("empty")

PAGES = "/notifications/webhooks"
API = "/notifications/api/v1/webhooks"
FORM = {"name": "Sistem Contoh", "url": ELSEWHERE, "types": ["registration.submitted"]}


@pytest.fixture(autouse=True)
def _no_endpoints(empty: None) -> Iterator[None]:  # noqa: ARG001
    forget_all()
    yield
    forget_all()


def caller(mailroom: Mailroom, our_url: str, role: Role, region: str = "") -> httpx.Client:
    who = Caller(role, "Petugas Contoh", f"petugas-{region}", region)
    token = issue_token(mailroom.private_key, who, seconds=600)
    return httpx.Client(base_url=our_url, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def province(mailroom: Mailroom, our_url: str) -> Iterator[httpx.Client]:
    with caller(mailroom, our_url, "province", "21") as client:
        yield client


@pytest.fixture
def neighbour(mailroom: Mailroom, our_url: str) -> Iterator[httpx.Client]:
    with caller(mailroom, our_url, "province", "14") as client:
        yield client


def press(client: httpx.Client, address: str, **fields: object) -> httpx.Response:
    return client.post(address, data={"form_token": forms.new_form()} | fields)


def test_an_endpoint_is_made_and_its_secret_shown_once(province: httpx.Client) -> None:
    assert "Belum ada webhook" in province.get(PAGES).text
    assert province.get(f"{PAGES}/new").text.count('type="checkbox"') == len(webhook_types.LABELS)
    token = forms.new_form()
    made = province.post(f"{PAGES}/new", data={"form_token": token} | FORM)
    assert made.status_code == 200
    [secret] = re.findall(r'value="(whsec_[^"]+)"', made.text)

    again = province.post(f"{PAGES}/new", data={"form_token": token} | FORM)
    assert (again.status_code, "whsec_" in again.text) == (409, False)
    [row] = rows("SELECT * FROM webhook_endpoint")
    assert (row.region_code, row.created_by, row.types) == ("21", "petugas-21", FORM["types"])
    for address in (PAGES, f"{PAGES}/{row.id}", f"{PAGES}/{row.id}/edit"):
        page = province.get(address)
        assert (page.status_code, secret in page.text) == (200, False)
        assert "Sistem Contoh" in page.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "Tulis nama sistem penerima."),
        ({"url": "sistem"}, "Alamat ini tidak lengkap."),
        ({"url": ""}, "Alamat ini tidak lengkap."),
        ({"url": "http://10.0.0.8/"}, "tidak berada di internet"),
        ({"url": "https://a:b@sistem.contoh.id/"}, "nama pengguna atau kata sandi"),
        ({"types": []}, "Pilih paling sedikit satu peristiwa."),
        ({"types": ["account.created"]}, "Pilih paling sedikit satu peristiwa."),
        ({"form_token": "palsu"}, "terbuka terlalu lama"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    province: httpx.Client, wrong: dict[str, object], said: str
) -> None:
    answer = press(province, f"{PAGES}/new", **(FORM | wrong))
    assert answer.status_code == 422
    assert said in answer.text
    typed = str((FORM | wrong)["url"])
    assert f'value="{typed}"' in answer.text
    assert ("checked" in answer.text) == ((FORM | wrong)["types"] == FORM["types"])
    assert rows("SELECT * FROM webhook_endpoint") == []


def test_an_endpoint_is_changed_paused_resumed_and_deleted(province: httpx.Client) -> None:
    identity, _secret = add()
    page = f"{PAGES}/{identity}"
    other = FORM | {"name": "Sistem Lain", "types": ["certificate.issued", "meeting.published"]}
    assert press(province, f"{page}/edit", **other).status_code == 303
    assert endpoint(identity).types == ["certificate.issued", "meeting.published"]
    assert press(province, f"{page}/edit", **(other | {"url": "x"})).status_code == 422

    assert press(province, f"{page}/pause").status_code == 303
    assert "Lanjutkan" in province.get(f"{page}?done=paused").text
    assert press(province, f"{page}/resume").status_code == 303
    assert endpoint(identity).active

    assert "tidak dapat dibatalkan" in province.get(f"{page}/delete").text
    assert province.post(f"{page}/delete", data={"form_token": ""}).status_code == 422
    assert press(province, f"{page}/delete").status_code == 303
    assert province.get(page).status_code == 404


def test_a_new_secret_is_shown_once(province: httpx.Client) -> None:
    identity, secret = add()
    assert "24 jam" in province.get(f"{PAGES}/{identity}/secret").text
    shown = press(province, f"{PAGES}/{identity}/secret").text
    [new] = re.findall(r'value="(whsec_[^"]+)"', shown)
    assert new != secret


def test_a_test_is_sent_seen_and_sent_again(province: httpx.Client) -> None:
    with hook() as system:
        system.receiver.faults = Faults(status=500, body=b"rusak <b>sekali</b>")
        sent = press(province, f"{PAGES}/{system.id}/test")
        there = sent.headers["location"]
        assert "belum pernah dicoba" in province.get(there).text
        send()
        page = province.get(there).text
        assert "rusak &lt;b&gt;sekali&lt;/b&gt;" in page
        assert "500" in page
        assert "Sedang gagal" in province.get(PAGES).text

        system.receiver.faults = Faults()
        assert press(province, f"{there}/again").status_code == 303
        send()
        assert [row.state for row in deliveries()] == ["delivered"]
        assert "Sampai" in province.get(there).text
        ids = {one.headers["webhook-id"] for one in system.receiver.received}
        assert len(ids) == 1

        rows("UPDATE webhook_delivery SET payload = NULL")
        refused = press(province, f"{there}/again")
        assert (refused.status_code, "tidak dapat diulang" in refused.text) == (409, True)


def test_a_refused_target_is_explained(province: httpx.Client) -> None:
    identity, _secret = add("http://127.0.0.1:8000/")
    there = press(province, f"{PAGES}/{identity}/test").headers["location"]
    jobs.send_webhooks()  # with what the settings allow, which is the internet alone
    assert "notifications.webhooks" in bus.queue_names()
    assert "tidak berada di internet" in province.get(there).text


def test_many_deliveries_are_paged_and_filtered(province: httpx.Client) -> None:
    identity, _secret = add()
    deliver(*(registered(email=f"warga{number}@contoh.id") for number in range(60)))
    page = f"{PAGES}/{identity}"
    first = province.get(page).text
    [onward] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = province.get(page + onward.replace("&amp;", "&")).text
    listed = re.findall(r"/deliveries/([0-9a-f-]{36})", first + second)
    assert len(set(listed)) == len(listed) == 60
    assert "Tidak ada kiriman yang cocok" in province.get(f"{page}?state=failed").text


def test_many_endpoints_are_paged_and_found(mailroom: Mailroom, our_url: str) -> None:
    for region in ("21", "14"):
        who = Caller("province", "", "", region)
        for _ in range(30):
            add(ELSEWHERE, who)
    rows(
        "UPDATE webhook_endpoint SET name = 'Agenda 100%_ Dinas' WHERE id = (SELECT min(id::text)"
        "::uuid FROM webhook_endpoint)"
    )
    with caller(mailroom, our_url, "national") as national:
        first = national.get(API).json()
        second = national.get(API, params={"after": first["next"]}).json()
        assert [len(page["items"]) for page in (first, second)] == [50, 10]
        assert second["next"] is None
        [found] = national.get(API, params={"q": "100%_ d"}).json()["items"]
        assert found["name"] == "Agenda 100%_ Dinas"
        assert "Tidak ada webhook yang cocok" in national.get(PAGES, params={"q": "zzz"}).text


def test_a_region_has_room_for_so_many(province: httpx.Client) -> None:
    for _ in range(webhooks.MOST):
        add()
    answer = press(province, f"{PAGES}/new", **FORM)
    assert (answer.status_code, "sebanyak yang diperbolehkan" in answer.text) == (422, True)
    assert province.post(API, json=FORM).json()["code"] == "too-many-webhooks"


def test_nobody_else_sees_or_touches_it(
    mailroom: Mailroom, our_url: str, province: httpx.Client, neighbour: httpx.Client
) -> None:
    identity, _secret = add()
    delivery = province.post(f"{API}/{identity}/test").json()["id"]
    below = [
        *("", "/edit", "/secret", "/delete", f"/deliveries/{delivery}"),
    ]
    with caller(mailroom, our_url, "regency", "21.01") as regency:
        for address in below:
            assert neighbour.get(f"{PAGES}/{identity}{address}").status_code == 404
            assert regency.get(f"{PAGES}/{identity}{address}").status_code == 403
    steps = ["edit", "secret", "delete", "pause", "resume", "test", f"deliveries/{delivery}/again"]
    for step in steps:
        assert press(neighbour, f"{PAGES}/{identity}/{step}", **FORM).status_code == 404
    for method, path in [
        *(("GET", ""), ("DELETE", ""), ("PUT", ""), ("POST", "/secret"), ("POST", "/pause")),
        *(("POST", "/resume"), ("POST", "/test"), ("GET", "/deliveries")),
        *(("GET", f"/deliveries/{delivery}"), ("POST", f"/deliveries/{delivery}/again")),
    ]:
        sent = {"json": FORM} if method == "PUT" else {}
        answer = neighbour.request(method, f"{API}/{identity}{path}", **sent)  # type: ignore[arg-type]
        assert answer.status_code == 404, path
    assert neighbour.get(API).json()["items"] == []
    assert endpoint(identity).active
    # One endpoint's delivery is not another's.
    other, _secret = add()
    assert province.get(f"{API}/{other}/deliveries/{delivery}").status_code == 404


def test_a_program_does_the_same(province: httpx.Client) -> None:
    made = province.post(API, json=FORM)
    assert made.status_code == 201
    body = made.json()
    assert body["secret"].startswith("whsec_")
    there = f"{API}/{body['id']}"
    shown = province.get(there).json()
    assert (shown["state"], "secret" in shown) == ("active", False)

    changed = province.put(there, json=FORM | {"name": "Lain"})
    assert changed.json()["name"] == "Lain"
    assert province.post(f"{there}/pause").json()["state"] == "paused"
    assert province.post(f"{there}/resume").json()["state"] == "active"
    assert province.post(f"{there}/secret").json()["secret"] != body["secret"]

    tested = province.post(f"{there}/test").json()
    assert (tested["type"], tested["payload"]["type"]) == ("webhook.test", "webhook.test")
    [listed] = province.get(f"{there}/deliveries", params={"state": "queued"}).json()["items"]
    assert listed["id"] == tested["id"]
    detail = province.get(f"{there}/deliveries/{tested['id']}").json()
    assert detail["history"] == []
    assert province.post(f"{there}/deliveries/{tested['id']}/again").status_code == 202
    assert province.delete(there).status_code == 204
    assert province.get(there).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"url": "https://127.0.0.1/"}, "target-private"),
        ({"url": "ftp://sistem.contoh.id/"}, "target-url"),
        ({"types": ["account.created"]}, "types"),
        ({"types": []}, "validation"),
        ({"name": "a\x00b"}, "validation"),
        ({"region_code": "33"}, "validation"),
    ],
)
def test_a_program_is_told_what_is_wrong(
    province: httpx.Client, wrong: dict[str, object], code: str
) -> None:
    answer = province.post(API, json=FORM | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_the_pages_speak_english_too(province: httpx.Client) -> None:
    identity, _secret = add()
    page = province.get(f"{PAGES}/{identity}?lang=en").text
    assert "No deliveries yet" in page
    assert "Send a test" in page
    ours = ("webhook", "Webhook", "kiriman", "Kiriman")
    missing = untranslated([ROOT / "services" / "notifications"])
    assert {text for text in missing if any(word in text for word in ours)} == set()
