"""A mail is what was meant, whatever people type into their names."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from notifications.mailroom import body, deliver, mails, parsed, registered, rows, send_due, states

from services.notifications.mime import BadAddress, compose, mailbox
from shared.local.smtp_sink import SmtpSink

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


def mail_with(subject: str = "s", text: str = "t", html: str = "h", **changes: str) -> bytes:
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
