from typing import ClassVar
from uuid import UUID

from shared.events.registrations import RegistrationEvent


class _CertificateEvent(RegistrationEvent):
    certificate_id: UUID
    number: str


class CertificateIssued(_CertificateEvent):
    """A participant has a certificate; `own_link` leads to it, `verify_link` proves it."""

    type: ClassVar[str] = "id.sejawat.certificate.issued.v1"

    jp: int
    verify_link: str
    replaces: str = ""  # the number of the one that no longer holds because of it


class CertificateRevoked(_CertificateEvent):
    """A certificate is no longer valid, or another in its place, which follows as an event."""

    type: ClassVar[str] = "id.sejawat.certificate.revoked.v1"

    reason: str  # empty when it was replaced: nothing was wrong with having earned it
