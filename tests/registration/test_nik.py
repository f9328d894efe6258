"""NIK: encrypted under rotating keys, masked, checked with mercy."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError
from sqlalchemy import text

from services.registration import nik
from services.registration.models import Meeting, Registration
from services.registration.resources import database
from services.registration.settings import Settings, settings

ROOT = Path(__file__).parents[2]
MAN = "2172010908850001"  # 9 August 1985, Tanjungpinang
WOMAN = "2172014908850002"
OLD, NEW = "lama" * 8, "baru" * 8


@pytest.fixture(autouse=True)
def _keys(registration_database: None) -> Iterator[None]:  # noqa: ARG001 - it sets them first
    before = os.environ["NIK_KEYS"]
    yield
    keys(before)


def keys(value: str) -> None:
    """As a restart with other keys does."""
    os.environ["NIK_KEYS"] = value
    settings.cache_clear()
    nik._keys.cache_clear()


def test_it_comes_back_and_is_never_in_the_open() -> None:
    token = nik.encrypt("2172-0109 0885.0001")
    assert MAN.encode() not in token
    assert nik.decrypt(token) == MAN
    assert nik.encrypt(MAN) != token, "equal NIKs are not to be seen as equal"


def test_after_a_rotation_the_old_key_may_go() -> None:
    keys(OLD)
    token = nik.encrypt(MAN)
    keys(f"{NEW}, {OLD}")
    assert nik.decrypt(token) == MAN
    rotated = nik.rotate(token)
    keys(NEW)
    assert nik.decrypt(rotated) == MAN
    with pytest.raises(nik.Unreadable):
        nik.decrypt(token)
    with pytest.raises(nik.Unreadable):
        nik.rotate(token)


@pytest.mark.parametrize(
    "token",
    [b"", b"x", MAN.encode(), Fernet(Fernet.generate_key()).encrypt(b"x")],
    ids=["empty", "short", "plain", "another key"],
)
def test_what_is_none_of_ours_is_unreadable(token: bytes) -> None:
    with pytest.raises(nik.Unreadable):
        nik.decrypt(token)


@pytest.mark.parametrize("value", ["", "k" * 31, f"{'k' * 32},", f"{'k' * 32},short"])
def test_a_key_is_long_enough_and_not_told_in_the_error(value: str) -> None:
    with pytest.raises(ValidationError, match="nik_keys") as no:
        Settings(nik_keys=value)
    assert "kkkk" not in str(no.value)


def test_production_refuses_the_key_of_the_demo() -> None:
    with pytest.raises(ValidationError, match="nik_keys"):
        Settings(environment="production", nik_keys=f"{NEW},demo-only-nik-key-not-for-production")


def test_a_mask_shows_eight_of_sixteen_digits() -> None:
    assert nik.mask("2101010908850001") == "2101••••••••0001"


def test_a_fingerprint_tells_equal_from_other_and_outlives_a_rotation() -> None:
    keys(OLD)
    first = nik.fingerprint(MAN)
    keys(NEW)
    assert nik.fingerprint("2172 0109 0885 0001") == first
    assert nik.fingerprint(WOMAN) != first
    assert MAN not in first


@pytest.mark.parametrize("typed", ["", "217201090885000", MAN + "1", "217201090885000x", "٢" * 16])
def test_not_sixteen_digits_is_an_error(typed: str) -> None:
    for use in (nik.encrypt, nik.mask, nik.fingerprint, nik.check):
        with pytest.raises(nik.NotANik):
            use(typed)


def test_all_that_fits_is_not_worth_a_word() -> None:
    born = date(1985, 8, 9)
    assert nik.check(MAN) == []
    assert nik.check(MAN, born=born, sex="male", region_code="21.72.01.1001") == []
    assert nik.check(WOMAN, born=born, sex="female", region_code="21.72") == []
    assert nik.check(WOMAN, born=born, sex="female", region_code="21") == []


def test_what_does_not_fit_is_a_warning_and_no_error() -> None:
    assert nik.check(MAN, born=date(1985, 8, 10)) == ["nik-born"]
    assert nik.check(MAN, sex="female") == ["nik-sex"]
    assert nik.check(WOMAN, sex="male") == ["nik-sex"]
    assert nik.check(MAN, region_code="21.01.05.2001") == ["nik-region"]
    assert nik.check(MAN, region_code="21.72.04.1003") == [], "within one city people move often"
    assert nik.check("2172013102850001", born=date(1985, 3, 3)) == ["nik-date"]
    assert nik.check("0" * 16, sex="female", region_code="21") == [
        *("nik-date", "nik-sex", "nik-region")
    ]


def test_a_leap_day_is_a_day() -> None:
    assert nik.check("2172012902000001", born=date(2000, 2, 29)) == []
    assert nik.check("2172016902840001", born=date(1984, 2, 29), sex="female") == []
    assert nik.check("2172012902850001") == ["nik-date"]


def registered(tokens: list[bytes]) -> dict[UUID, bytes]:
    """A registration for each of these; their ids."""
    now = datetime.now(UTC)
    meeting = Meeting(
        id=uuid4(),
        slug=f"nik-{uuid4().hex}",
        title="Putaran kunci (contoh)",
        province_code="21",
        venue="Gedung Contoh",
        zone="Asia/Jakarta",
        starts_at=now + timedelta(days=30),
        ends_at=now + timedelta(days=31),
        closes_at=now + timedelta(days=20),
        status="draft",
    )
    found = {uuid4(): token for token in tokens}
    with database.sessions.begin() as session:
        session.add(meeting)
        session.flush()
        session.add_all(
            Registration(
                **dict.fromkeys(("library_name", "position", "request_hash"), "contoh"),
                **dict.fromkeys(("code", "idempotency_key", "person_key"), identity.hex),
                id=identity,
                meeting_id=meeting.id,
                status="submitted",
                name="Peserta Contoh",
                email="peserta@contoh.id",
                language="id",
                participant_type="village_library",
                region_code="21.01",
                nik=token,
            )
            for identity, token in found.items()
        )
    return found


@pytest.fixture
def _alone() -> Iterator[None]:
    """Only this test's rows have a NIK."""
    _forget_all()
    yield
    _forget_all()


def _forget_all() -> None:
    with database.sessions.begin() as session:
        session.execute(text("UPDATE registration SET nik = NULL WHERE nik IS NOT NULL"))


def kept(ids: Iterable[UUID]) -> dict[UUID, bytes]:
    with database.sessions.begin() as session:
        rows = session.execute(text("SELECT id, nik FROM registration WHERE nik IS NOT NULL"))
        found = {row.id: row.nik for row in rows}
    return {identity: found[identity] for identity in ids}


@pytest.mark.usefixtures("_alone")
def test_a_rotation_goes_through_all_rows_in_batches() -> None:
    keys(OLD)
    old = registered([nik.encrypt(MAN) for _ in range(4)])
    keys(f"{NEW},{OLD}")
    after: UUID | None = None
    sizes: list[int] = []
    while after or not sizes:
        with database.sessions.begin() as session:
            batch = nik.rotate_batch(session, after, size=2)
        after = batch.last
        sizes.append(batch.rotated)
    assert sum(sizes) == len(kept_with_nik()) >= 4
    assert max(sizes) == 2
    keys(NEW)
    now = kept(old)
    assert [nik.decrypt(now[identity]) for identity in old] == [MAN] * 4


def kept_with_nik() -> list[UUID]:
    with database.sessions.begin() as session:
        return list(session.scalars(text("SELECT id FROM registration WHERE nik IS NOT NULL")))


def rotate_nik() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.registration", "rotate-nik"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("_alone")
def test_the_command_rotates_and_says_what_it_cannot_read() -> None:
    keys(OLD)
    rows = registered([nik.encrypt(MAN), nik.encrypt(WOMAN)])
    keys(f"{NEW},{OLD}")
    done = rotate_nik()
    assert (done.returncode, MAN in done.stdout + done.stderr) == (0, False), done.stderr

    lost = registered([b"rusak"])
    keys(NEW)
    again = rotate_nik()
    assert again.returncode == 1
    assert "1 NIKs are under none of NIK_KEYS" in again.stderr
    assert kept(lost) == lost, "it stays as it is, for whoever finds the key"
    assert {nik.decrypt(token) for token in kept(rows).values()} == {MAN, WOMAN}
