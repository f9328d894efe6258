"""Who is asking, and what region they may see; signed links and form tokens.

Accounts live in registration, which signs short tokens (EdDSA). The others verify them with its
public key and ask nobody; when one is over, they send the browser to registration for the next
(docs/decisions/0007-short-tokens-long-sessions.md).
"""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import Depends, HTTPException, Request
from itsdangerous import BadSignature, URLSafeSerializer
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OKPKey
from sqlalchemy import ColumnElement, or_, true
from uuid_utils.compat import uuid7

from shared.database import like_literal

COOKIE = "sejawat_session"
RENEW = "/registration/session/renew"  # where a browser gets its next token
# Mail programs post to it from anywhere (RFC 8058); what it does, the link alone decides.
ONE_CLICK = "/notifications/unsubscribe/"
LEEWAY_S = 10  # how far the clocks of two hosts may be apart
ALGORITHM = "Ed25519"  # EdDSA by its fully specified name, RFC 9864

Role = Literal["public", "library", "master_trainer", "regency", "province", "national"]
Scope = Literal["read", "write", "check_in"]
STAFF: tuple[Role, ...] = ("regency", "province", "national")
HOSTS: tuple[Role, ...] = ("province", "national")  # who hold meetings and decide who comes
CREW: tuple[Role, ...] = ("master_trainer", *STAFF)  # who work at a meeting
MEMBERS: tuple[Role, ...] = ("library", *CREW)  # who have an account


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. Every role but public and national sees one region and all below it."""

    role: Role
    name: str = ""
    subject: str = ""
    region_code: str = ""
    scopes: tuple[Scope, ...] = ()  # of an API token; none means all that the role may do
    session: str = ""  # id of the browser's session; a program has none
    library: str = ""  # id of the library that a library's account reports for

    @property
    def is_anonymous(self) -> bool:
        """Nobody is signed in."""
        return self.role == "public"

    def may_see(self, region_code: str) -> bool:
        """Whether a region lies in the caller's own."""
        own = self.region_code
        if self.role == "national":
            return True
        return bool(own) and (region_code == own or region_code.startswith(f"{own}."))


ANONYMOUS = Caller("public")


class SessionStale(Exception):
    """A browser's token is over; `RENEW` gives it another, or ends what is over for good."""


def in_scope(column: Any, caller: Caller) -> ColumnElement[bool]:
    """The condition that every query on rows of a region carries."""
    if caller.role == "national":
        return true()
    return within(column, caller.region_code or "-")  # no region, no rows


def within(column: Any, region_code: str) -> ColumnElement[bool]:
    """The condition that a row is of this region, or of one that lies in it."""
    return or_(column == region_code, column.like(f"{like_literal(region_code)}.%"))


def new_key() -> OKPKey:
    """A key pair that signs tokens; its public half goes to every service."""
    return OKPKey.generate_key("Ed25519", auto_kid=True)


def issue_token(private_jwk: str, caller: Caller, *, seconds: int) -> str:
    """A signed token that says who the caller is, for so many seconds."""
    now = int(time.time())
    claims = {
        "sub": caller.subject,
        "name": caller.name,
        "role": caller.role,
        "region": caller.region_code,
        **({"scope": " ".join(caller.scopes)} if caller.scopes else {}),
        **({"sid": caller.session} if caller.session else {}),
        **({"lib": caller.library} if caller.library else {}),
        "iat": now,
        "exp": now + seconds,
    }
    return jwt.encode({"alg": ALGORITHM}, claims, _key(private_jwk), algorithms=[ALGORITHM])


def read_token(public_jwk: str, token: str) -> Caller:
    """The caller of a token; `ANONYMOUS` when it is forged, damaged or over."""
    try:
        return _verified(public_jwk, token)
    except ExpiredTokenError:
        return ANONYMOUS


def _verified(public_jwk: str, token: str) -> Caller:
    """As `read_token`, but raises `ExpiredTokenError` for a token of ours that is only over."""
    try:
        claims = _signed_claims(public_jwk, token)
        essential: jwt.ClaimsOption = {"essential": True}
        jwt.JWTClaimsRegistry(leeway=LEEWAY_S, exp=essential, sub=essential).validate(claims)
        scopes = tuple(claims.get("scope", "").split())
        return Caller(
            claims["role"],
            claims["name"],
            claims["sub"],
            claims["region"],
            scopes,
            claims.get("sid", ""),
            claims.get("lib", ""),
        )
    except ExpiredTokenError:
        raise
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return ANONYMOUS


# A signature that was right stays right, and a page or a door asks with the same token many times;
# whether the time is over is asked each time.
@lru_cache(maxsize=1024)
def _signed_claims(public_jwk: str, token: str) -> dict[str, Any]:
    return jwt.decode(token, _key(public_jwk), algorithms=[ALGORITHM]).claims


@cache
def _key(jwk: str) -> OKPKey:
    return OKPKey.import_key(json.loads(jwk))


# What follows is asked of every request and waits for nothing: as coroutines, FastAPI runs it where
# it is, instead of handing each to a thread and back.


def identify(public_jwk: Callable[[], str]) -> Callable[[Request], Awaitable[None]]:
    """An application-wide dependency: sets `request.state.caller` from bearer token or cookie.

    Raises `SessionStale` when the cookie's token is over, and 403 for a change that another site
    makes a browser ask for: it could sign a person out, or in as somebody else.
    """

    async def set_caller(request: Request) -> None:
        request.state.caller = ANONYMOUS
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            foreign = request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}
            one_click = request.scope["path"].startswith(ONE_CLICK)
            if foreign and request.method not in {"GET", "HEAD"} and not one_click:
                raise HTTPException(403)
            request.state.caller = _of_cookie(request, public_jwk())
        elif token:
            request.state.caller = read_token(public_jwk(), token)

    return set_caller


def _of_cookie(request: Request, public_jwk: str) -> Caller:
    token = request.cookies.get(COOKIE, "")
    try:
        return _verified(public_jwk, token) if token else ANONYMOUS
    except ExpiredTokenError:
        if request.scope["path"] == RENEW:
            return ANONYMOUS
        raise SessionStale from None


async def anyone(request: Request) -> Caller:
    """Declares that a route is public, and tells who calls it all the same.

    A program whose token does not have the scope for it is nobody here.
    """
    caller = cast("Caller", request.state.caller)
    return caller if _in_scopes(caller, request) else ANONYMOUS


def _in_scopes(caller: Caller, request: Request, scope: Scope | None = None) -> bool:
    needed = "read" if request.method in {"GET", "HEAD"} else scope or "write"
    return not caller.scopes or needed in caller.scopes


def _only(*roles: Role, scope: Scope | None = None) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that lets these roles in. Raises 401 for nobody, 403 for somebody else.

    A program's token must have the scope: `scope`, or by the method `read` or `write`.
    """

    async def allowed(request: Request) -> Caller:
        caller = cast("Caller", request.state.caller)
        if caller.is_anonymous:
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        if caller.role not in roles or not _in_scopes(caller, request, scope):
            raise HTTPException(403)
        return caller

    return allowed


national = _only("national")
hosts = _only(*HOSTS)
staff = _only(*STAFF)
crew = _only(*CREW, scope="check_in")
members = _only(*MEMBERS)
libraries = _only("library")
PERMISSIONS = (anyone, national, hosts, staff, crew, members, libraries)
"""Every route has one of these; a test walks them all."""

Anyone = Annotated[Caller, Depends(anyone)]
National = Annotated[Caller, Depends(national)]
Host = Annotated[Caller, Depends(hosts)]
Staff = Annotated[Caller, Depends(staff)]
Crew = Annotated[Caller, Depends(crew)]
Member = Annotated[Caller, Depends(members)]
Librarian = Annotated[Caller, Depends(libraries)]


class BadLink(Exception):
    """A signed link or form token that is forged, damaged, over, or for another purpose."""


class Signer:
    """Signs small values into links. `purpose` keeps a token of one use from serving another."""

    def __init__(self, secret: Callable[[], str], purpose: str) -> None:
        self._secret = secret
        self._purpose = purpose

    def sign(self, value: str, *, seconds: int) -> str:
        """A token for `value` that expires."""
        return self._serializer().dumps([value, int(time.time()) + seconds])

    def read(self, token: str) -> str:
        """The value. Raises `BadLink`."""
        try:
            value, expires_at = self._serializer().loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise BadLink from error
        if not isinstance(value, str) or expires_at < time.time():
            raise BadLink
        return value

    def new_form(self) -> str:
        """A token for one filled-in form: sent twice, it is still one."""
        return self.sign(str(uuid7()), seconds=24 * 3600)

    def form_id(self, token: str) -> UUID:
        """Which form a token stands for. Raises `BadLink`."""
        try:
            return UUID(self.read(token))
        except ValueError as error:
            raise BadLink from error

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret(), salt=self._purpose)
