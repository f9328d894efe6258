"""The consent ledger: who agreed to which text, when, and when they took it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from services.registration import audit
from services.registration.audit import REGISTRANT, Change
from services.registration.models import Booth, Consent, Registration
from shared.security import Caller, in_scope
from shared.web import gettext_noop as _

PAGE = 25
WITHDRAWABLE = ("photo", "directory", "gallery")  # what a place at the meeting does not hang on

PURPOSES: dict[str, str] = {
    "registration": _("Pengolahan data untuk pendaftaran"),
    "photo": _("Foto pertemuan dalam laporan dan berita"),
    "directory": _("Tampil di daftar peserta"),
    "gallery": _("Lapak tampil di galeri umum"),
}

_BRIEF = _(
    "Saya setuju data ini (nama, kontak, wilayah, perpustakaan, jabatan) diolah oleh "
    "penyelenggara untuk pendaftaran, daftar hadir, dan sertifikat pertemuan ini, dan disimpan "
    "paling lama lima tahun. Saya dapat melihat, memperbaiki, atau meminta penghapusan kapan saja."
)
_PUBLISHED = {
    "photo": _(
        "Penyelenggara boleh memuat foto pertemuan yang menampakkan saya dalam laporan dan berita "
        "program ini."
    ),
    "directory": _(
        "Nama, perpustakaan, dan kabupaten/kota saya boleh dilihat peserta lain, supaya kami dapat "
        "saling menghubungi setelah pertemuan."
    ),
    "gallery": _(
        "Lapak ini, dengan foto dan nama perpustakaannya, boleh ditampilkan di galeri pertemuan "
        "yang dapat dilihat siapa saja."
    ),
}

_FORM = _(
    "Saya setuju data di formulir ini (nama, kontak, wilayah, perpustakaan, jabatan, serta "
    "NIK, surat tugas, kebutuhan khusus, dan jawaban bila saya isi) diolah oleh "
    "penyelenggara untuk pendaftaran, penyelenggaraan, daftar hadir, dan sertifikat "
    "pertemuan ini, dan disimpan paling lama lima tahun. Saya dapat melihat, memperbaiki, "
    "atau meminta penghapusan kapan saja."
)
_SEEN_BY_PEERS = _(
    "Nama, jabatan, perpustakaan, dan kabupaten/kota saya boleh dilihat peserta lain yang "
    "disetujui di pertemuan ini, lewat halaman pendaftaran mereka. Kontak saya tidak ditampilkan."
)

# Every text that somebody may have agreed to, written out. A text is never changed: a new wording
# is a new version beside the old, which is what a proof is about (UU 27/2022, article 24). A test
# holds the newest against what the forms show.
TEXTS: Mapping[str, Mapping[str, str]] = {
    "2026-1": {"registration": _BRIEF},
    "2026-2": {"registration": _BRIEF, **_PUBLISHED},
    "2026-3": {"registration": _FORM, **_PUBLISHED},
    "2026-4": {"registration": _FORM, **_PUBLISHED, "directory": _SEEN_BY_PEERS},
    "delegation-2026-1": {
        "registration": _(
            "Setiap orang dalam daftar ini sudah tahu bahwa saya mendaftarkannya, dan setuju "
            "datanya (nama, kontak, wilayah, perpustakaan, jabatan) diolah penyelenggara untuk "
            "pendaftaran, daftar hadir, dan sertifikat pertemuan ini."
        )
    },
}


@dataclass(frozen=True, slots=True)
class Given:
    """One consent of one registration."""

    purpose: str
    version: str
    given_at: datetime
    withdrawn_at: datetime | None

    @property
    def text(self) -> str:
        """What was agreed to, marked for the catalogue."""
        return TEXTS.get(self.version, {}).get(self.purpose, "")

    @property
    def may_withdraw(self) -> bool:
        """Whether it can be taken back without giving up the place."""
        return self.purpose in WITHDRAWABLE and self.withdrawn_at is None


def of(session: Session, registration_id: UUID) -> list[Given]:
    """The consents of one registration, that to register first."""
    query = select(Consent).where(Consent.registration_id == registration_id)
    order = {purpose: place for place, purpose in enumerate(PURPOSES)}
    found = [
        Given(row.purpose, row.text_version, row.given_at, row.withdrawn_at)
        for row in session.scalars(query)
    ]
    return sorted(found, key=lambda given: order.get(given.purpose, len(order)))


def withdraw(
    session: Session, registration_id: UUID, purpose: str, by: Caller = REGISTRANT
) -> bool:
    """Take a consent back, with effect at once; False when there is none to take back.

    Without its consent a booth leaves the gallery, and its photos with it.
    """
    if purpose not in WITHDRAWABLE:
        return False
    taken = session.execute(
        update(Consent)
        .where(Consent.registration_id == registration_id, Consent.purpose == purpose)
        .where(Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=func.now())
        .returning(Consent.purpose)
    ).first()
    if taken is None:
        return False
    if purpose == "gallery":
        booth = update(Booth).where(Booth.registration_id == registration_id)
        session.execute(booth.values(is_public=False))
    of_whom = select(Registration.region_code).where(Registration.id == registration_id)
    region_code = session.scalars(of_whom).one()
    change = Change("registration", str(registration_id), region_code, after={"consent": purpose})
    audit.record(session, by, "consent_withdrawn", change)
    return True


def page(
    session: Session, caller: Caller, words: str = "", after: UUID | None = None
) -> tuple[list[Row[Any]], UUID | None]:
    """Consents in the caller's region by registration code, and where the next page begins.

    `words` begin a code, or are part of a name; a page holds all consents of a registration.
    """
    query = select(Registration.id, Registration.code).where(
        in_scope(Registration.region_code, caller)
    )
    if words:
        code = words.replace(" ", "").upper()
        query = query.where(
            or_(
                Registration.code.startswith(code, autoescape=True),
                Registration.name.icontains(words, autoescape=True),
            )
        )
    if after:
        last = select(Registration.code, Registration.id).where(Registration.id == after)
        query = query.where(tuple_(Registration.code, Registration.id) > last.scalar_subquery())
    found = session.execute(query.order_by(Registration.code, Registration.id).limit(PAGE + 1))
    ids = [row.id for row in found]
    agreed: Any = (
        select(
            Registration.id,
            Registration.code,
            Registration.name,
            Consent.purpose,
            Consent.text_version,
            Consent.given_at,
            Consent.withdrawn_at,
        )
        .join(Consent, Consent.registration_id == Registration.id)
        .where(Registration.id.in_(ids[:PAGE]))
        .order_by(Registration.code, Consent.given_at, Consent.purpose)
    )
    return list(session.execute(agreed)), ids[PAGE - 1] if len(ids) > PAGE else None
