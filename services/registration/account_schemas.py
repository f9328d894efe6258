"""Shapes and checks of accounts, passwords, contacts and API tokens."""

from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    TypeAdapter,
    model_validator,
)
from pydantic_core import PydanticCustomError

from services.registration.schemas import Email, Name, Phone
from shared.events import Language
from shared.security import Scope

AccountRole = Literal["national", "province", "regency", "library", "master_trainer"]

PASSWORD_LEAST = 12
PASSWORD_MOST = 200
# The commonest passwords that are long enough, without case: whoever guesses begins with these.
COMMONEST = frozenset(
    """
    123456789012 1234567890123 12345678901234 123456789123 123123123123 112233445566 111222333444
    000000000000 111111111111 987654321012 098765432109 012345678901 0123456789012 1q2w3e4r5t6y
    1qaz2wsx3edc zaq12wsxcde3 qwertyuiop12 qwertyuiop123 qwertyuiop[] qwerty123456 qwerty1234567
    asdfghjkl123 zxcvbnm12345 abcdefghijkl abcdefgh1234 abcd12345678 abc123456789 a1b2c3d4e5f6
    password1234 password12345 password123456 passwordpassword p@ssw0rd1234 passw0rd1234
    administrator administrator1 admin1234567 admin12345678 adminadminadmin welcome12345
    iloveyou1234 iloveyouiloveyou letmein12345 changeme1234 indonesia123 indonesia1234
    indonesia12345 indonesia123456 indonesiaraya indonesiamerdeka bismillah123 bismillah1234
    bismillahirrahmanirrahim alhamdulillah alhamdulillah1 sayangkamu123 rahasia12345 rahasia123456
    katasandi123 katasandi1234 perpustakaan perpustakaan1 perpustakaan12 perpustakaan123
    perpustakaan1234 perpusnas123 perpusnas1234 perpusdesa123 merdeka12345 jakarta12345
    sejawat12345 sejawatsejawat
    """.split()  # noqa: SIM905 - a page of words is read more easily than a list
)

_email: TypeAdapter[str] = TypeAdapter(Email)
_phone: TypeAdapter[str] = TypeAdapter(Phone)


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


class Contact(BaseModel):
    """Where somebody is reached; one of the two."""

    email: str | None = None
    phone: str | None = None

    @classmethod
    def typed(cls, value: str) -> Self:
        """An address if there is an @ in it, else a number. Raises `ValidationError`."""
        if "@" in value:
            return cls(email=_email.validate_python(value).lower())
        return cls(phone=_phone.validate_python(value))


class AccountForm(BaseModel):
    """An account as its administrator fills it in. At least one of e-mail and phone."""

    name: Name
    email: Annotated[Email | None, BeforeValidator(_empty_is_none)] = None
    phone: Annotated[Phone | None, BeforeValidator(_empty_is_none)] = None
    role: AccountRole
    region_code: str = ""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.email is None and self.phone is None:
            raise PydanticCustomError("contact", "neither e-mail nor phone")
        if self.email:
            self.email = self.email.lower()
        return self


class OwnAccountForm(BaseModel):
    """What everybody may change of their own account."""

    name: Name
    language: Language


class ApiTokenForm(BaseModel):
    """An API token as its owner asks for it; `days` until it ends, at most a year."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    days: Literal["30", "90", "180", "365"]


class AccessToken(BaseModel):
    """A short token, in the words of OAuth 2 (RFC 6749, 5.1)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind, no secret
    expires_in: int
    scope: str


def weak_password(password: str, *own: str | None) -> str:
    """Why a password is refused: `short`, `long`, `own`, `common`; or nothing.

    `own` are the address and number of who chooses it.
    """
    folded = password.casefold()
    if len(password) < PASSWORD_LEAST:
        return "short"
    if len(password) > PASSWORD_MOST:
        return "long"
    if any(part in folded for part in _parts(own)):
        return "own"
    if folded in COMMONEST or len(set(folded)) < 4:
        return "common"
    return ""


def _parts(contacts: tuple[str | None, ...]) -> list[str]:
    """The address, what stands before its @, and the number without its country code."""
    told = [contact.casefold() for contact in contacts if contact]
    parts = [*told, *(contact.partition("@")[0].removeprefix("+62") for contact in told)]
    return [part for part in parts if len(part) >= 4]
