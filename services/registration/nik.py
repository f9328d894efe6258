"""NIK, the sixteen digits that are a person: encrypted with rotating keys, masked, checked.

To rotate: put a new key in front of NIK_KEYS, restart, run `rotate-nik`, then drop the old key.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.registration.settings import settings
from shared.web.languages import gettext_noop as _

Sex = Literal["male", "female"]
Warned = Literal["nik-date", "nik-born", "nik-sex", "nik-region"]

WOMAN = 40  # is added to the day of birth
_GROUPING = re.compile(r"[\s.\-]")

# Where somebody registered first stays in the number for good, and officials have erred before:
# a mismatch is something to look at, never a reason to refuse (design/domain.md, section 4).
WARNINGS: dict[Warned, str] = {
    "nik-date": _("NIK ini memuat tanggal lahir yang tidak ada. Periksa angkanya."),
    "nik-born": _("Tanggal lahir berbeda dengan yang ada di NIK."),
    "nik-sex": _("Jenis kelamin berbeda dengan yang ada di NIK."),
    "nik-region": _("NIK ini terbit di kabupaten/kota lain. Ini wajar bagi yang pindah."),
}


class NotANik(ValueError):
    """Not sixteen digits."""


class Unreadable(Exception):
    """None of our keys opens it: a key was dropped before `rotate-nik`, or the row is damaged."""


def digits(typed: str) -> str:
    """What was typed, without blanks, dots and dashes. Raises `NotANik`."""
    nik = _GROUPING.sub("", typed)
    if not re.fullmatch(r"[0-9]{16}", nik):
        raise NotANik
    return nik


def encrypt(nik: str) -> bytes:
    """For the column `registration.nik`. Raises `NotANik`."""
    return _keys().encrypt(digits(nik).encode())


def decrypt(token: bytes) -> str:
    """The sixteen digits; whoever asks logs the look in the audit log. Raises `Unreadable`."""
    try:
        return _keys().decrypt(token).decode()
    except InvalidToken:
        raise Unreadable from None


def rotate(token: bytes) -> bytes:
    """The same NIK under the first key. Raises `Unreadable`."""
    try:
        return _keys().rotate(token)
    except InvalidToken:
        raise Unreadable from None


def mask(nik: str) -> str:
    """For pages: `2101••••••••0001`. Raises `NotANik`."""
    nik = digits(nik)
    return f"{nik[:4]}{'•' * 8}{nik[-4:]}"


def fingerprint(nik: str) -> str:
    """Equal for equal NIKs, and nothing more, to find who registered twice. Raises `NotANik`.

    It hangs on SECRET_KEY_REGISTRATION, not on NIK_KEYS, so that it outlives a rotation.
    """
    key = f"nik-fingerprint:{settings().secret_key}".encode()
    return hmac.new(key, digits(nik).encode(), hashlib.sha256).hexdigest()


def check(
    nik: str,
    *,
    born: date | None = None,
    sex: Sex | None = None,
    region_code: str | None = None,
) -> list[Warned]:
    """What in the NIK does not fit with what else is known; see `WARNINGS`. Raises `NotANik`.

    Its build: region of first registration (6), date of birth DDMMYY, sequence (4). Regions are
    compared down to kab/kota: within one, people move too often for a word about it.
    """
    nik = digits(nik)
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    written = day > WOMAN
    day -= WOMAN if written else 0
    warned: list[Warned] = []
    if not _exists(day, month, year):
        warned.append("nik-date")
    elif born and (born.day, born.month, born.year % 100) != (day, month, year):
        warned.append("nik-born")
    if sex and written != (sex == "female"):
        warned.append("nik-sex")
    region = (region_code or "").replace(".", "")[:4]
    if not nik.startswith(region):
        warned.append("nik-region")
    return warned


@dataclass(frozen=True)
class Batch:
    """One step of a rotation. `last` is where the next one goes on; None when all is done."""

    last: UUID | None
    rotated: int
    unreadable: int


def rotate_batch(session: Session, after: UUID | None, size: int = 500) -> Batch:
    """Bring the next rows under the first key; one that no key opens stays as it is."""
    rows = session.execute(_NEXT, {"after": after or UUID(int=0), "size": size}).all()
    done = []
    for row in rows:
        try:
            done.append({"id": row.id, "nik": rotate(row.nik)})
        except Unreadable:
            continue
    if done:
        session.execute(_KEEP, done)
    last = rows[-1].id if len(rows) == size else None
    return Batch(last, len(done), len(rows) - len(done))


_NEXT = text("""
    SELECT id, nik FROM registration
     WHERE nik IS NOT NULL AND id > :after
     ORDER BY id LIMIT :size FOR UPDATE""")
_KEEP = text("UPDATE registration SET nik = :nik WHERE id = :id")


@cache
def _keys() -> MultiFernet:
    # Fernet wants 32 bytes; a key of ours is any text that is long enough (`settings`).
    return MultiFernet(
        [
            Fernet(urlsafe_b64encode(hashlib.sha256(key.strip().encode()).digest()))
            for key in settings().nik_keys.split(",")
        ]
    )


def _exists(day: int, month: int, year: int) -> bool:
    try:
        date(2000 + year, month, day)  # as many days as in 19xx, but for 1900
    except ValueError:
        return False
    return True
