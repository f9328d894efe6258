"""Builds a mail: a skeleton of constant lines with slots, each slot escaped for where it stands.

`email.message.EmailMessage` does the same 400 times a second, which is a twentieth of what one SMTP
connection carries. What a person typed can reach a mail in three places only: a header (encoded
words of RFC 2047, no control characters), the plain text and the HTML (quoted-printable, so that
no line of theirs is a line of ours).
"""

import re
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate, parseaddr
from functools import cache
from typing import NamedTuple
from urllib.parse import quote

import dkim

CRLF = "\r\n"
_LINE = 76  # characters, as RFC 2047 and 5322 want them
_NAME = 40  # characters of a file's name in one piece of a parameter (RFC 2231)

# "=_" cannot occur in quoted-printable, where every "=" stands before two digits or an end of
# line, nor in base64; and neither of the two is the beginning of the other.
_BOUNDARY = "=_sejawat"
_OUTER_BOUNDARY = "=_lampiran"
_ALTERNATIVE = CRLF.join(
    [
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
        "",
        f"--{_BOUNDARY}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "{text}",
        f"--{_BOUNDARY}",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "{html}",
        f"--{_BOUNDARY}--",
        "",
    ]
)
_MIXED = CRLF.join(
    [
        f'Content-Type: multipart/mixed; boundary="{_OUTER_BOUNDARY}"',
        "",
        f"--{_OUTER_BOUNDARY}",
        _ALTERNATIVE + "{attachments}",
        f"--{_OUTER_BOUNDARY}--",
        "",
    ]
)
_ATTACHMENT = CRLF.join(
    [
        f"--{_OUTER_BOUNDARY}",
        "Content-Type: {media_type}",
        "Content-Disposition: attachment;{name}",
        "Content-Transfer-Encoding: base64",
        "",
        "{content}",
    ]
)

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; [a-z]+=[A-Za-z0-9-]+)*")
_UNSUBSCRIBE = re.compile(r"https?://[!-;=?-~]+")  # ASCII that is no "<" or ">"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff()<>\[\]:;,\\\"@]")


class BadAddress(ValueError):
    """This is no address that a mail can be sent to."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Ready for SMTP. One with `utf8` needs a server that speaks SMTPUTF8."""

    recipient: str
    content: bytes
    utf8: bool


class Kind(NamedTuple):
    """What all mails of one skeleton have in common. `bulk` is sent to many at once."""

    sender: str
    language: str
    reply_to: str = ""
    bulk: bool = False
    unsubscribes: bool = False
    attaches: bool = False


def compose(  # noqa: PLR0913 - what a mail is made of
    *,
    sender: str,
    recipient: str,
    language: str,
    message_id: str,
    date: datetime,
    subject: str,
    text: str,
    html: str,
    attachments: Sequence[Mapping[str, str]] = (),
    unsubscribe: str | None = None,
    reply_to: str = "",
    bulk: bool = False,
    sign: Callable[[bytes], bytes] | None = None,
) -> Mail:
    """The whole mail, as bytes with lines that end in CRLF. Raises `BadAddress`.

    `unsubscribe` is where a mail program may POST to (RFC 8058). `sign` makes a header that goes
    before the others. Raises `ValueError` for an attachment or a link that is not ours to make.
    """
    to = mailbox(recipient)
    if unsubscribe and not _UNSUBSCRIBE.fullmatch(unsubscribe):
        raise ValueError("no address of a web page to unsubscribe at")
    kind = Kind(sender, language, reply_to, bulk, bool(unsubscribe), bool(attachments))
    content = (
        _skeleton(kind)
        .format(
            date=formatdate(date.timestamp()),
            to=to,
            subject=header(subject, len("Subject: ")),
            message_id=message_id,
            unsubscribe=unsubscribe,
            text=_quoted_printable(text),
            html=_quoted_printable(html),
            attachments="".join(_attachment(one) for one in attachments),
        )
        .encode()
    )
    return Mail(to, sign(content) + content if sign else content, utf8=not to.isascii())


@cache
def _skeleton(kind: Kind) -> str:
    constants = {
        "sender": _named_mailbox("From", kind.sender),
        "language": header(kind.language, len("Content-Language: ")),
        "reply_to": _named_mailbox("Reply-To", kind.reply_to) if kind.reply_to else "",
    }
    # What is filled in here is read as a skeleton again.
    braces = str.maketrans({"{": "{{", "}": "}}"})
    safe = {name: text.translate(braces) for name, text in constants.items()}
    headers = [
        "Date: {date}",
        f"From: {safe['sender']}",
        "To: {to}",
        *([f"Reply-To: {safe['reply_to']}"] if kind.reply_to else []),
        "Subject: {subject}",
        "Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",
        *(["Precedence: bulk"] if kind.bulk else []),
        *(_CAN_UNSUBSCRIBE if kind.unsubscribes else []),
        f"Content-Language: {safe['language']}",
        "MIME-Version: 1.0",
    ]
    return CRLF.join([*headers, _MIXED if kind.attaches else _ALTERNATIVE])


_CAN_UNSUBSCRIBE = (
    "List-Unsubscribe: <{unsubscribe}>",
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
)


def _named_mailbox(name: str, value: str) -> str:
    shown, address = parseaddr(value)
    return f"{header(shown, len(f'{name}: '), phrase=True)} <{mailbox(address)}>".strip()


def _attachment(one: Mapping[str, str]) -> str:
    if not _MEDIA_TYPE.fullmatch(one["media_type"]):
        raise ValueError("no media type")
    encoded = encodebytes(one["text"].encode(errors="replace")).decode()  # lines of 76
    return _ATTACHMENT.format(
        media_type=one["media_type"].replace("; ", f";{CRLF} "),
        name=_file_name(_CONTROL.sub("", one["name"]).strip() or "berkas"),
        content=encoded.replace("\n", CRLF),
    )


def _file_name(name: str) -> str:
    """The parameter `filename`: plain, or encoded in as many pieces as it takes (RFC 2231)."""
    if re.fullmatch(rf"[\w.-]{{1,{_NAME}}}", name, re.ASCII):
        return f'{CRLF} filename="{name}"'
    encoded = f"utf-8''{quote(name, safe='')}"
    cut = re.findall(r"(?:%..|[^%]){1,20}", encoded)
    if len(cut) == 1:
        return f"{CRLF} filename*={encoded}"
    return ";".join(f"{CRLF} filename*{place}*={part}" for place, part in enumerate(cut))


def mailbox(address: str) -> str:
    """The address for a header and for SMTP, its domain in ASCII. Raises `BadAddress`."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or _NOT_IN_ADDRESS.search(local + domain):
        raise BadAddress("not a mail address")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise BadAddress("not a mail address") from error


def header(value: str, used: int, *, phrase: bool = False) -> str:
    """A header's value, folded; `used` is what stands before it in its first line.

    Runs of white space and control characters become one space. A phrase is a name before an
    address, where more signs have a meaning.
    """
    words = _CONTROL.sub(" ", value).split()
    plain = " ".join(words)
    has_meaning = "=?" in plain or (phrase and not re.fullmatch(r"[\w !#$%&'*+/=?^`{|}~-]*", plain))
    if plain.isascii() and not has_meaning and max(map(len, words), default=0) < _LINE - used:
        return _folded(words, used)
    encoded = (b64encode(piece).decode() for piece in _pieces(plain, used))
    return f"{CRLF} ".join(f"=?utf-8?b?{piece}?=" for piece in encoded)


def _folded(words: list[str], used: int) -> str:
    lines, length = [""], used
    for word in words:
        if lines[-1] and length + 1 + len(word) > _LINE:
            lines.append("")
            length = 1
        length += len(word) + bool(lines[-1])
        lines[-1] += f" {word}" if lines[-1] else word
    return f"{CRLF} ".join(lines)


def _pieces(text: str, used: int) -> list[bytes]:
    """UTF-8 in pieces that fit an encoded word; none ends within a character."""
    pieces, room = [b""], _in_words(_LINE - used)
    for character in text:
        encoded = character.encode()
        if len(pieces[-1]) + len(encoded) > room:
            pieces.append(b"")
            room = _in_words(_LINE - 1)
        pieces[-1] += encoded
    return pieces


def _in_words(room: int) -> int:
    """Bytes of UTF-8 for which an encoded word of so many characters has room."""
    return (room - len("=?utf-8?b??=")) // 4 * 3


def _quoted_printable(text: str) -> str:
    lines = text.replace(CRLF, "\n").replace("\r", "\n").replace("\n", CRLF)
    # A surrogate without its other half is no character; a question mark says that one was there.
    encoded = b2a_qp((lines + CRLF).encode(errors="replace"), istext=True)
    # It breaks long lines in the way in which the first line ends, so there must be one that does.
    return encoded.decode("ascii").removesuffix(CRLF)


_SIGNED = (
    *(b"From", b"Reply-To", b"To", b"Subject", b"Date", b"Message-ID", b"MIME-Version"),
    # A mail program takes the button to unsubscribe from signed headers only (RFC 8058).
    *(b"Content-Type", b"List-Unsubscribe", b"List-Unsubscribe-Post"),
)


def dkim_signer(key: str, selector: str, domain: str) -> Callable[[bytes], bytes]:
    """Makes the DKIM-Signature header (RFC 6376) of a mail; `key` is an RSA key as PEM.

    Takes some milliseconds of pure Python, so that it is left to the relay where that can do it.
    """

    def sign(content: bytes) -> bytes:
        return dkim.sign(  # type: ignore[no-any-return]
            content,
            selector.encode(),
            domain.encode(),
            key.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(_SIGNED),
        )

    return sign
