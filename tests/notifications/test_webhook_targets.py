"""Where a webhook may go, and that it goes nowhere else: names, addresses, redirects, time."""

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fakes.receiver import Faults, Receiver

from services.notifications.webhook_targets import (
    KEPT_BYTES,
    TargetRefused,
    Targets,
    TooLate,
    check,
    may_reach,
)

LOOPBACK = (ip_network("127.0.0.0/8"),)
NAME = "penerima.contoh.id"
HEADERS: dict[bytes | str, bytes | str] = {"content-type": "application/json"}


class Names:
    """A resolver that answers from a list, one answer after the other; the last one stays."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> Iterable[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


def here(names: Names | None = None, timeout: float = 15) -> Targets:
    """This machine is allowed, as an operator may."""
    return Targets(
        LOOPBACK, https_only=False, names=names or Names(("127.0.0.1",)), timeout=timeout
    )


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.8", "172.16.0.1", "192.168.1.1"),  # noqa: S104
        *("169.254.169.254", "100.64.0.1", "100.127.255.254", "192.0.0.8", "198.18.0.1"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.8", "::127.0.0.1", "64:ff9b::127.0.0.1"),
        *("64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:8::1", "2001::1"),
    ],
)
def test_what_is_not_of_the_internet_is_refused_in_every_form(address: str) -> None:
    assert not may_reach(ip_address(address))
    with pytest.raises(TargetRefused, match="private"):
        Targets(names=Names((address,))).addresses(NAME, 443, time.monotonic() + 5)


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "103.3.58.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
        *("2002:808:808::1",),
    ],
)
def test_the_internet_is_allowed(address: str) -> None:
    assert may_reach(ip_address(address))


def test_an_operator_may_allow_a_network_and_that_alone() -> None:
    allowed = (ip_network("10.1.0.0/16"),)
    assert may_reach(ip_address("10.1.2.3"), allowed)
    assert may_reach(ip_address("::ffff:10.1.2.3"), allowed)
    assert not may_reach(ip_address("10.2.0.1"), allowed)
    assert not may_reach(IPv4Address("127.0.0.1"), allowed)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://sistem.contoh.id/webhook", "https"),
        ("https://nama:sandi@sistem.contoh.id/", "userinfo"),
        ("https://@sistem.contoh.id/", "userinfo"),
        ("https://sistem.contoh.id:25/", "port"),
        ("https://sistem.contoh.id:0/", "port"),
        ("https://sistem.contoh.id:99999/", "url"),
        ("https://127.0.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:169.254.169.254]/", "private"),
        ("https://", "url"),
        ("ftp://sistem.contoh.id/", "url"),
        ("file:///etc/passwd", "url"),
        ("https://sistem.contoh.id/\r\nX: y", "url"),
        ("https://sistem.contoh.id\\@127.0.0.1/", "url"),
        ("https://" + "a" * 64 + ".contoh.id/", "url"),
        ("https://sistem.contoh.id/" + "a" * 2000, "url"),
        ("sistem.contoh.id", "url"),
    ],
)
def test_an_address_is_judged_as_it_is_typed(url: str, code: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        check(url, https_only=True)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["localhost", "LocalHost.", "redis.localhost", "127.0.0.1"])
def test_this_machines_own_name_is_refused_as_its_address_is(name: str) -> None:
    url = f"http://{name}:6379/"
    assert judged(url, https_only=False) == "private"
    check(url, LOOPBACK, https_only=False)
    assert judged("http://localhost.contoh.id/", https_only=False) == ""


def test_a_plain_address_will_do_in_a_demo() -> None:
    plain, safe = (
        "http://sistem.contoh.id:8080/webhook?a=b",
        "https://sistem.contoh.id:8443/webhook",
    )
    assert [judged(url, https_only=False) for url in (plain, safe)] == ["", ""]
    assert [judged(url, https_only=True) for url in (plain, safe)] == ["https", ""]


def judged(url: str, *, https_only: bool) -> str:
    """Why an address is refused; empty when it is not."""
    try:
        check(url, https_only=https_only)
    except TargetRefused as refused:
        return refused.code
    return ""


def test_loopback_is_refused_unless_it_is_allowed(receiver: Receiver) -> None:
    with pytest.raises(TargetRefused, match="private"):
        Targets(https_only=False).post(receiver.url, HEADERS, b"{}")
    for name in ("127.1", "2130706433", "0x7f.1", "localhost"):
        with pytest.raises(TargetRefused, match="private"):
            Targets(https_only=False).post(f"http://{name}:{receiver.port}/", HEADERS, b"{}")
    assert receiver.received == []

    assert here().post(receiver.url, HEADERS, b"{}").status == 200


def test_a_name_keeps_its_name_and_goes_to_the_judged_address(receiver: Receiver) -> None:
    names = Names(("127.0.0.1",))
    answer = here(names).post(f"http://{NAME}:{receiver.port}/a?b=c", HEADERS, b'{"a":1}')
    assert (answer.status, answer.beginning) == (200, "ok")
    [received] = receiver.received
    assert received.headers["host"] == f"{NAME}:{receiver.port}"
    assert (received.path, received.body) == ("/a?b=c", b'{"a":1}')
    assert names.asked == [NAME]


def test_a_name_that_answers_differently_the_second_time_changes_nothing(
    receiver: Receiver,
) -> None:
    # First an address that may be reached, but where nobody is; then one that must not be.
    names = Names(("127.0.0.2",), ("127.0.0.1",))
    only_two = (ip_network("127.0.0.2/32"),)
    targets = Targets(only_two, https_only=False, names=names)
    url = f"http://{NAME}:{receiver.port}/"
    with pytest.raises(httpcore.ConnectError):
        targets.post(url, HEADERS, b"{}")
    assert names.asked == [NAME], "it is resolved once for an attempt"
    with pytest.raises(TargetRefused, match="private"):
        targets.post(url, HEADERS, b"{}")
    assert receiver.received == []


def test_of_several_addresses_only_those_that_may_be_reached_are_tried(receiver: Receiver) -> None:
    names = Names(("10.0.0.8", "::1", "127.0.0.2", "127.0.0.1"))
    answer = here(names).post(f"http://{NAME}:{receiver.port}/", HEADERS, b"{}")
    assert answer.status == 200
    assert here(names).addresses(NAME, 80, time.monotonic() + 5) == ["127.0.0.2", "127.0.0.1"]


def test_a_redirect_is_an_answer_and_leads_nowhere(receiver: Receiver) -> None:
    other = Receiver()
    other.start()
    receiver.faults = Faults(status=302, location=other.url)
    assert here().post(receiver.url, HEADERS, b"{}").status == 302
    assert other.received == []
    other.stop()


def test_no_proxy_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Receiver()
    proxy.start()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    assert here().post(receiver.url, HEADERS, b"{}").status == 200
    assert (len(receiver.received), proxy.received) == (1, [])
    proxy.stop()


def test_of_a_big_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.faults = Faults(body=b"a\x00b" + b"x" * 1_000_000)
    answer = here().post(receiver.url, HEADERS, b"{}")
    assert len(answer.beginning) == KEPT_BYTES
    assert answer.beginning.startswith("a bxxx")


@pytest.mark.parametrize("faults", [Faults(hang=True), Faults(drip=True, body=b"")])
def test_the_time_is_over_however_lively_the_other_side_is(
    receiver: Receiver, faults: Faults
) -> None:
    receiver.faults = faults
    began = time.monotonic()
    with pytest.raises(httpcore.TimeoutException):
        here(timeout=0.5).post(receiver.url, HEADERS, b"{}")
    assert time.monotonic() - began >= 0.5
    assert len(receiver.received) == 1


def test_who_hangs_up_has_not_answered(receiver: Receiver) -> None:
    receiver.faults = Faults(reset=True)
    with pytest.raises(httpcore.ProtocolError):
        here().post(receiver.url, HEADERS, b"{}")


def test_the_certificate_is_the_names_though_the_address_is_pinned(tmp_path: Path) -> None:
    served, trusting = _certificate(tmp_path, NAME)
    receiver = Receiver(tls=served)
    receiver.start()
    targets = Targets(LOOPBACK, names=Names(("127.0.0.1",)), tls=trusting)
    try:
        assert targets.post(f"https://{NAME}:{receiver.port}/", HEADERS, b"{}").status == 200
        with pytest.raises(httpcore.ConnectError, match=r"[Hh]ostname mismatch"):
            targets.post(f"https://lain.contoh.id:{receiver.port}/", HEADERS, b"{}")
    finally:
        receiver.stop()
    assert len(receiver.received) == 1


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this name serves with, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(secret + pem)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(path)
    return served, ssl.create_default_context(cadata=pem.decode())


def test_a_name_server_that_hangs_has_no_more_time_than_all_the_rest() -> None:
    asked, done = threading.Event(), threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        asked.set()
        done.wait(20)
        return []

    with pytest.raises(TooLate):
        Targets(names=hang, https_only=False, timeout=0.3).post("http://lambat.contoh.id", {}, b"")
    assert asked.is_set()
    done.set()
