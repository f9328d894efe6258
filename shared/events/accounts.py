from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.events.event import Event, Language


class SignInCodeRequested(Event):
    """Somebody signs in with a code, which must arrive within seconds."""

    type: ClassVar[str] = "id.sejawat.account.code_requested.v1"

    code_id: UUID
    email: str | None  # one of the two: where the code goes
    phone: str | None
    language: Language
    region_code: str
    code: str
    expires_at: AwareDatetime

    @property
    def subject(self) -> str:
        """The code's id."""
        return str(self.code_id)


class AccountCreated(Event):
    """Somebody got an account, or may choose a new password; `link` is where."""

    type: ClassVar[str] = "id.sejawat.account.created.v1"

    request_id: UUID
    name: str
    email: str | None
    phone: str | None
    language: Language
    role: str
    region_code: str
    link: str  # absolute, signed, good for days
    expires_at: AwareDatetime

    @property
    def subject(self) -> str:
        """The request's id."""
        return str(self.request_id)


class AccountChanged(Event):
    """An account was made, changed, disabled or enabled; also told again when somebody asks."""

    type: ClassVar[str] = "id.sejawat.account.changed.v1"

    account_id: UUID
    version: int  # grows with each change; a hearer keeps the highest it has seen
    name: str
    email: str | None
    phone: str | None
    language: Language
    role: str
    region_code: str
    active: bool

    @property
    def subject(self) -> str:
        """The account's id."""
        return str(self.account_id)
