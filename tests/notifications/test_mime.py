"""A mail is what was meant, whatever people type into their names."""

import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import example, given
from hypothesis import strategies as st
from notifications.mailroom import body, deliver, mails, parsed, registered, rows, send_due, states

from services.notifications.mime import BadAddress, compose, dkim_signer, mailbox
from services.notifications.provider_settings import dkim_key
from shared.local.smtp_sink import SmtpSink

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
HEADERS = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]
NASTY = [
    "Ni Luh Ayu, S.Sos., M.Hum.",
    "Ñandú “Çelebi” 图书馆 📚👩🏽‍🏫",
    "a\r\nBcc: lain@contoh.id",
    "a\n\n<b>isi</b>\n.\n..\n",
    "\r\n.\r\nMAIL FROM:<lain@contoh.id>\r\n",
    "--=_sejawat\nContent-Type: text/html",
    "--=_sejawat--",
    "=?utf-8?b?QmNjOiBsYWlu?= =?utf-8?q?=0D=0A?=",
    "{date} %s {0} {{x}} =3D=\n",
    "tab\tdan  dua spasi di akhir  ",
    "x" * 2000,
    "perpustakaan " * 100,
    "\x00\x07\x1b[31m\x7f\x85\u2028\u2029\ufeff\u202e",
    "",
    "\ud800 setengah",
]


def mail_with(subject: str = "s", text: str = "t", html: str = "h", **changes: Any) -> bytes:
    fields = {
        "sender": "Sejawat <sejawat@localhost>",
        "recipient": "peserta@contoh.id",
        "language": "id",
        "message_id": "<0192@sejawat.contoh.id>",
    }
    date = datetime(2022, 8, 9, 1, 2, 3, tzinfo=UTC)
    mail = compose(date=date, subject=subject, text=text, html=html, **(fields | changes))
    return mail.content


def lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def check(text: str) -> None:
    content = mail_with(text, text, text)
    assert content.isascii()
    assert all(len(line) <= 78 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    mail = parsed(content)
    assert mail.keys() == HEADERS
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert mail.defects == []
    expected = lines_of(text.encode(errors="replace").decode())
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert part.defects == []
        decoded = part.get_payload(decode=True)
        assert isinstance(decoded, bytes)
        assert lines_of(decoded.decode()) == expected


@pytest.mark.parametrize("text", NASTY)
def test_nothing_that_was_typed_leaves_its_place(text: str) -> None:
    check(text)


@given(st.text())
def test_no_text_at_all_leaves_its_place(text: str) -> None:
    check(text)


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=200))
@example("Pendaftaran Anda sudah kami terima: Peer Learning Meeting Provinsi Kepulauan Riau 2022")
@example("=?utf-8?q?x?=")
@example("é" * 500)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    assert str(parsed(mail_with(subject))["Subject"]) == " ".join(subject.split())


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("Sejawat <sejawat@localhost>", "Sejawat"),
        ("sejawat@localhost", ""),
        ('"Perpusnas, {Sejawat}" <sejawat@localhost>', "Perpusnas, {Sejawat}"),
        ("Pustakawan “Ñ” <sejawat@localhost>", "Pustakawan “Ñ”"),
    ],
)
def test_the_senders_name_is_kept(sender: str, name: str) -> None:
    [address] = parsed(mail_with(sender=sender))["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "sejawat@localhost")


def test_a_language_cannot_add_a_header() -> None:
    assert parsed(mail_with(language="id\nBcc: lain@contoh.id {x}"))["Bcc"] is None


NO_ADDRESSES = ["", "a", "@b.id", "a@", "a b@c.id", "a@b@c.id", "<a@b.id>", "a,b@c.id", "a@b.id\n"]
NO_ADDRESSES += ["a@b.id\r\nBcc: c@d.id", "a@" + "x" * 64 + ".id", "a@b..id", "\ud800@b.id"]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        mailbox(address)


def test_an_address_of_any_script_arrives(sink: SmtpSink, empty: None) -> None:
    assert empty is None
    deliver(registered(email="pustaka@büro.id"), registered(email="ñandú@contoh.id"))
    send_due()
    assert states() == {"accepted": 2}
    to = sorted(
        path.read_bytes().split(b"To: ")[1].split(b"\r\n")[0]
        for path in sink.directory.glob("*.eml")
    )
    assert to == [b"pustaka@xn--bro-hoa.id", "ñandú@contoh.id".encode()]


def test_a_dot_alone_in_its_line_does_not_end_the_mail(sink: SmtpSink, empty: None) -> None:
    assert empty is None
    dots = "Baris\n.\n..\n.x\nakhir"
    deliver(registered(), registered(email="dua@contoh.id"))
    rows("UPDATE message SET text = :dots WHERE recipient = 'peserta@contoh.id'", dots=dots)
    send_due()
    first, second = sorted(mails(sink), key=lambda mail: str(mail["To"]), reverse=True)
    assert dots in lines_of(body(first))
    assert "Peserta Contoh" in body(second)


ICS = {"name": "plm-2027.ics", "media_type": "text/calendar; charset=utf-8; method=PUBLISH"}


def attached(**changes: str) -> EmailMessage:
    mail = parsed(mail_with(attachments=[ICS | {"text": "BEGIN:VCALENDAR\r\n"} | changes]))
    assert mail.defects == []
    assert [part.get_content_type() for part in mail.walk()][:4] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    [part] = mail.iter_attachments()
    assert isinstance(part, EmailMessage)
    assert part.defects == []
    return part


def test_a_calendar_file_is_read_as_one() -> None:
    part = attached(text="SUMMARY:Pertemuan “é”\r\n" * 30)
    assert part.get_content_type() == "text/calendar"
    assert part["Content-Type"].params["method"] == "PUBLISH"
    assert part.get_filename() == "plm-2027.ics"
    assert part.get_content_disposition() == "attachment"
    content = part.get_payload(decode=True)
    assert content == ("SUMMARY:Pertemuan “é”\r\n" * 30).encode()


@given(st.text(min_size=1), st.text())
@example('a"; filename="b', "--=_lampiran--")
@example("é" * 60 + ".ics", "\ud800")
@example("../../etc/passwd\r\nBcc: lain@contoh.id", "x")
@example(" \u2003", "")
def test_a_file_is_named_as_it_was_whatever_that_is(name: str, text: str) -> None:
    content = mail_with(attachments=[ICS | {"name": name, "text": text}])
    assert content.isascii()
    assert all(len(line) <= 78 for line in content.split(b"\r\n"))
    mail = parsed(content)
    assert mail["Bcc"] is None
    [part] = mail.iter_attachments()
    assert isinstance(part, EmailMessage)
    assert "".join(str(part.get_filename()).split()) == "".join(
        "".join(sign for sign in name if not CONTROL.match(sign)).split() or "berkas"
    )
    assert part.get_payload(decode=True) == text.encode(errors="replace")


def test_a_file_of_no_kind_is_not_attached() -> None:
    for kind in ("text/calendar\r\nBcc: lain@contoh.id", "kalender", ""):
        with pytest.raises(ValueError, match="media type"):
            attached(media_type=kind)


def test_one_click_ends_it() -> None:
    link = "https://sejawat.contoh.id/notifications/unsubscribe/abc-_.~?x=1&y={0}%20"
    mail = parsed(mail_with(unsubscribe=link, bulk=True))
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Precedence"] == "bulk"
    plain = parsed(mail_with())
    assert plain["List-Unsubscribe"] is plain["Precedence"] is plain["Reply-To"] is None


@pytest.mark.parametrize(
    "link", ["mailto:x@contoh.id", "https://a>\r\nBcc: b@c.id", "https://a b", "javascript:x", "-"]
)
def test_what_is_no_page_is_no_way_to_unsubscribe(link: str) -> None:
    with pytest.raises(ValueError, match="unsubscribe"):
        mail_with(unsubscribe=link)


def test_answers_go_where_the_settings_say() -> None:
    mail = parsed(mail_with(reply_to='"Panitia, {Contoh} Ñ" <panitia@contoh.id>'))
    [address] = mail["Reply-To"].addresses
    assert address.addr_spec == "panitia@contoh.id"
    assert str(mail["From"]) == "Sejawat <sejawat@localhost>"


def test_a_signature_holds_and_covers_the_button_to_unsubscribe() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + b64encode(der)
    sign = dkim_signer(dkim_key(pem.replace("\n", "\\n")), "s1", "contoh.id")
    link = "https://sejawat.contoh.id/notifications/unsubscribe/abc"
    content = mail_with("é" * 90, NASTY[3], unsubscribe=link, sign=sign)
    assert content.startswith(b"DKIM-Signature: ")
    assert dkim.verify(content, dnsfunc=lambda *_args, **_more: record)
    for change in ((b"unsubscribe/abc", b"unsubscribe/abd"), (b"\r\nTo: ", b"\r\nTo: lain@b.id, ")):
        assert content.count(change[0]) == 1
        forged = content.replace(*change)
        assert not dkim.verify(forged, dnsfunc=lambda *_args, **_more: record)


def test_a_key_of_another_kind_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"."):
        dkim_key("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n")


def test_what_a_message_has_reaches_the_mail(sink: SmtpSink, empty: None) -> None:
    assert empty is None
    deliver(registered())
    link = "http://sejawat.contoh.id/notifications/unsubscribe/abc"
    rows(
        "UPDATE message SET class = 'bulk', unsubscribe = :link, "
        "attachments = CAST(:files AS jsonb)",
        link=link,
        files=json.dumps([ICS | {"text": "BEGIN:VCALENDAR"}]),
    )
    send_due("bulk")
    [mail] = mails(sink)
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["Precedence"] == "bulk"
    [part] = mail.iter_attachments()
    assert part.get_payload(decode=True) == b"BEGIN:VCALENDAR"
