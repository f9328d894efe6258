"""Registration's tables, one module a subject."""

from services.registration.models.accounts import (
    Account,
    ApiToken,
    AuditEntry,
    OneTimeCode,
    SignInSession,
)
from services.registration.models.attendance import Certificate, CertificateRun, CheckIn
from services.registration.models.base import Base
from services.registration.models.directory import Library, Person, Training
from services.registration.models.meetings import (
    AgendaSession,
    Meeting,
    Question,
    Quota,
    Round,
    Telling,
)
from services.registration.models.registrations import (
    Booth,
    Consent,
    DataRequest,
    ImportJob,
    ImportRow,
    Registration,
    Upload,
)

__all__ = [
    "Account",
    "AgendaSession",
    "ApiToken",
    "AuditEntry",
    "Base",
    "Booth",
    "Certificate",
    "CertificateRun",
    "CheckIn",
    "Consent",
    "DataRequest",
    "ImportJob",
    "ImportRow",
    "Library",
    "Meeting",
    "OneTimeCode",
    "Person",
    "Question",
    "Quota",
    "Registration",
    "Round",
    "SignInSession",
    "Telling",
    "Training",
    "Upload",
]
