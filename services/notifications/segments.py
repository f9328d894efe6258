"""How many SMS a text takes: GSM 03.38 (3GPP TS 23.038), or UCS-2 when it has another sign.

One SMS holds 140 bytes: 160 signs of seven bits or 70 of UCS-2. A longer text goes in parts, each
with a header of six bytes: 153 or 67. A sign of the extension table takes the place of two, one
outside Unicode's first plane too; neither is split over two parts.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["gsm-7", "ucs-2"]

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
ALONE = {"gsm-7": 160, "ucs-2": 70}
IN_PARTS = {"gsm-7": 153, "ucs-2": 67}


@dataclass(frozen=True, slots=True)
class Segments:
    """`characters` are places: a sign that takes two counts as two."""

    encoding: Encoding
    characters: int
    parts: int


def count(text: str) -> Segments:
    """What a text takes; an empty one takes one part."""
    encoding: Encoding = "gsm-7" if is_gsm7(text) else "ucs-2"
    sizes = [_size(sign, encoding) for sign in text]
    characters = sum(sizes)
    if characters <= ALONE[encoding]:
        return Segments(encoding, characters, 1)
    parts, room = 1, IN_PARTS[encoding]
    for size in sizes:
        if size > room:
            parts, room = parts + 1, IN_PARTS[encoding]
        room -= size
    return Segments(encoding, characters, parts)


def is_gsm7(text: str) -> bool:
    """Whether every sign of it is in the alphabet of GSM 03.38."""
    return set(text) <= BASIC | EXTENSION


def plain(text: str) -> str:
    """As GSM-7 has it: signs it lacks lose their accents. What has no such form stays as it is."""
    return "".join(sign if is_gsm7(sign) else _without_accent(sign) for sign in text)


def _without_accent(sign: str) -> str:
    letters = "".join(
        part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part)
    )
    return letters if is_gsm7(letters) else sign


def _size(sign: str, encoding: Encoding) -> int:
    if encoding == "gsm-7":
        return 2 if sign in EXTENSION else 1
    return 2 if ord(sign) > 0xFFFF else 1
