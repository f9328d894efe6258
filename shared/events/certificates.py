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


class CertificateRevoked(_CertificateEvent):
    """A certificate is no longer valid."""

    type: ClassVar[str] = "id.sejawat.certificate.revoked.v1"

    reason: str
