"""The connection to the mail server: kept, recycled, encrypted, and let in by a password."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from uuid_utils.compat import uuid7

from services.notifications.providers.base import Answer, Outgoing
from services.notifications.providers.smtp import MailRelay
from services.notifications.providers.smtp_connection import MAILS_PER_CONNECTION
from services.notifications.settings import settings
from shared.local.ports import LOOPBACK, free_port

pytestmark = pytest.mark.usefixtures("mailroom")


class Counting:
    """Accepts every mail, and counts the connections that brought them."""

    def __init__(self) -> None:
        self.greetings: list[str] = []
        self.encrypted: list[bool] = []
        self.mails = 0

    async def handle_EHLO(  # noqa: N802 (aiosmtpd calls it by this name)
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greetings.append(hostname)
        return responses

    async def handle_DATA(  # noqa: N802 (aiosmtpd calls it by this name)
        self, server: Any, session: Any, _envelope: Any
    ) -> str:
        socket = server.transport.get_extra_info("ssl_object")
        self.encrypted.append(session.ssl is not None or socket is not None)
        self.mails += 1
        return "250 2.0.0 Ok: queued as 4F2A"


def outgoing() -> Outgoing:
    return Outgoing(
        id=uuid7(),
        number=1,
        channel="email",
        work_class="transactional",
        recipient="peserta@contoh.id",
        language="id",
        template="registration_submitted",
        subject="Halo",
        text="Halo",
        html="<p>Halo</p>",
        traceparent="",
    )


def mail_server(url: str) -> MailRelay:
    return MailRelay("smtp", url, sender=settings().mail_from, our_name=settings().host)


def send(server: MailRelay) -> Answer:
    [answer] = send_all(server, outgoing())
    return answer


def send_all(server: MailRelay, *messages: Outgoing) -> list[Answer]:
    prepared = server.prepare(messages)
    answers = prepared.answers | server.hand_over(prepared.ready)
    return [answers[message.id] for message in messages]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that speaks for itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.contoh.id")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the certificate, as OpenSSL is told by its environment."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def listening(counting: Counting, **options: Any) -> Controller:
    controller = Controller(
        counting, hostname=LOOPBACK, port=free_port(), server_hostname="localhost", **options
    )
    controller.start()
    return controller


def test_one_connection_carries_many_mails_and_is_renewed_after_so_many() -> None:
    counting = Counting()
    controller = listening(counting)
    server = mail_server(f"smtp://{LOOPBACK}:{controller.port}")
    for _ in range(MAILS_PER_CONNECTION):
        assert send(server).outcome == "accepted"
    assert counting.greetings == ["sejawat.contoh.id"]
    answer = send(server)
    assert (answer.code, answer.reply) == (250, "250 2.0.0 Ok: queued as 4F2A")
    assert len(counting.greetings) == 2
    server.close()
    controller.stop()


def only_the_right_password(*arguments: Any) -> AuthResult:
    given = arguments[4]
    right = given == LoginPassword(b"sejawat@contoh.id", b"r@hasia/1")
    return AuthResult(success=right, handled=False)


@pytest.mark.usefixtures("trusted")
def test_starttls_and_a_password_with_odd_signs(context: ssl.SSLContext) -> None:
    counting = Counting()
    controller = listening(
        counting,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=only_the_right_password,
    )
    there = f"{LOOPBACK}:{controller.port}?starttls=1"
    server = mail_server(f"smtp://sejawat%40contoh.id:r%40hasia%2F1@{there}")
    assert send(server).outcome == "accepted"
    assert counting.encrypted == [True]
    server.close()

    wrong = mail_server(f"smtp://sejawat%40contoh.id:salah@{there}")
    answer = send(wrong)
    assert (answer.outcome, answer.away) == ("retryable", True), "it is no fault of the mail"
    assert "r@hasia" not in str(answer)
    without = mail_server(f"smtp://{there}")
    answer = send(without)
    assert (answer.outcome, answer.away) == ("retryable", True)
    without.close()
    controller.stop()


@pytest.mark.usefixtures("trusted")
def test_tls_from_the_first_byte(context: ssl.SSLContext) -> None:
    counting = Counting()
    controller = listening(counting, ssl_context=context)
    server = mail_server(f"smtps://{LOOPBACK}:{controller.port}")
    assert send(server).outcome == "accepted"
    assert counting.encrypted == [True]
    server.close()
    controller.stop()


def test_a_certificate_that_nobody_trusts_is_not_let_in(context: ssl.SSLContext) -> None:
    counting = Counting()
    controller = listening(counting, tls_context=context)
    answer = send(mail_server(f"smtp://{LOOPBACK}:{controller.port}?starttls=1"))
    assert (answer.outcome, answer.away) == ("retryable", True)
    assert "CERTIFICATE_VERIFY_FAILED" in answer.detail
    assert counting.mails == 0
    controller.stop()


def test_what_was_taken_back_never_arrives() -> None:
    counting = Counting()
    controller = listening(counting)
    server = mail_server(f"smtp://{LOOPBACK}:{controller.port}")
    message = outgoing()
    assert server.prepare([message]).ready == [message]
    server.abandon([message])
    assert send(server).outcome == "accepted"
    assert counting.mails == 1
    server.close()
    controller.stop()


WRONG = [("smtp_url", url) for url in ("", "localhost:25", "http://host", "smtp://", "smtp:host")]
WRONG += [("mail_from", sender) for sender in ("", "Sejawat", "Sejawat <sejawat>", "a@b@c.id")]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_mail_server_or_sender_is_told_at_start(name: str, value: str) -> None:
    values = settings().model_dump() | {
        name: value,
        "DATABASE_URL_NOTIFICATIONS": settings().database_url,
        "SECRET_KEY_NOTIFICATIONS": settings().secret_key,
    }
    with pytest.raises(ValueError, match=name):
        type(settings()).model_validate(values)
