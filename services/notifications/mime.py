"""Builds a mail: a skeleton of constant lines with slots, each slot escaped for where it stands.

`email.message.EmailMessage` does the same 400 times a second, which is a twentieth of what one SMTP
connection carries. What a person typed can reach a mail in three places only: a header (encoded
words of RFC 2047, no control characters), the plain text and the HTML (quoted-printable, so that
no line of theirs is a line of ours).
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate, parseaddr
from functools import cache

CRLF = "\r\n"
_LINE = 76  # characters, as RFC 2047 and 5322 want them

# "=_" cannot occur in quoted-printable, where every "=" stands before two digits or an end of line.
_BOUNDARY = "=_sejawat"
_SKELETON = CRLF.join(
    [
        "Date: {{date}}",
        "From: {sender}",
        "To: {{to}}",
        "Subject: {{subject}}",
        "Message-ID: {{message_id}}",
        "Auto-Submitted: auto-generated",
        "Content-Language: {language}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
        "",
        f"--{_BOUNDARY}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "{{text}}",
        f"--{_BOUNDARY}",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "{{html}}",
        f"--{_BOUNDARY}--",
        "",
    ]
)

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
) -> Mail:
    """The whole mail, as bytes with lines that end in CRLF. Raises `BadAddress`."""
    to = mailbox(recipient)
    content = _skeleton(sender, language).format(
        date=formatdate(date.timestamp()),
        to=to,
        subject=header(subject, len("Subject: ")),
        message_id=message_id,
        text=_quoted_printable(text),
        html=_quoted_printable(html),
    )
    return Mail(to, content.encode(), utf8=not to.isascii())


@cache
def _skeleton(sender: str, language: str) -> str:
    name, address = parseaddr(sender)
    shown = f"{header(name, len('From: '), phrase=True)} <{mailbox(address)}>".strip()
    constants = {"sender": shown, "language": header(language, len("Content-Language: "))}
    # What is filled in here is read as a skeleton again.
    braces = str.maketrans({"{": "{{", "}": "}}"})
    return _SKELETON.format(**{name: text.translate(braces) for name, text in constants.items()})


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
