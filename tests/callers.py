"""Who walks the routes: somebody of each role, here and in the region next to it."""

import json
import re
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar
from uuid import uuid4

import httpx
from sites import Site, eventually

from shared.security import (
    COOKIE,
    CREW,
    HOSTS,
    MEMBERS,
    STAFF,
    Caller,
    Role,
    Signer,
    crew,
    hosts,
    issue_token,
    libraries,
    members,
    national,
    read_token,
    staff,
)

ALLOWED: dict[object, tuple[Role, ...]] = {
    national: ("national",),
    hosts: HOSTS,
    staff: STAFF,
    crew: CREW,
    members: MEMBERS,
    libraries: ("library",),
}
REGIONS: dict[Role, str] = {
    "national": "",
    "province": "21",
    "master_trainer": "21",
    "regency": "21.01",
    "library": "21.01.04.2001",
}
NEIGHBOURS: dict[Role, str] = {
    "province": "14",
    "master_trainer": "14",
    "regency": "14.01",
    "library": "14.01.01.2001",
}
# In the same province, but not where the things are that were made in 21.01.
SIBLINGS: dict[Role, str] = {
    "master_trainer": "21.71",
    "regency": "21.71",
    "library": "21.71.01.1001",
}
# Nobody's: whoever asks gets the same answer as for what is another's.
UNKNOWN = str(uuid4())
P = ParamSpec("P")
T = TypeVar("T")


def once(make: Callable[Concatenate[Site, P], T]) -> Callable[Concatenate[Site, P], T]:
    """Make a thing once per site and question."""
    made: dict[tuple[object, ...], T] = {}

    def kept(site: Site, /, *args: P.args, **options: P.kwargs) -> T:
        key = (site.base_url, *args, *sorted(options.items()))
        if key not in made:
            made[key] = make(site, *args, **options)
        return made[key]

    return kept


@once
def secrets(site: Site) -> dict[str, str]:
    """The keys of this copy."""
    return dict(json.loads((site.data / "secrets.json").read_text()))


def form_token(site: Site, service: str) -> str:
    """A form token, as a page of a service would have given it."""
    key = secrets(site)["SECRET_KEY_" + service.upper()]
    return Signer(lambda: key, "form").new_form()


@once
def visitor(site: Site) -> httpx.Client:
    """One for all steps, as a new one costs more than a request."""
    # The server hangs up after five idle seconds, which are httpx's own patience as well.
    return site.client(limits=httpx.Limits(keepalive_expiry=2))


@once
def headers(site: Site, caller: Caller | None) -> dict[str, str]:
    """How a caller proves who they are; None is nobody."""
    if caller is None:
        return {}
    token = issue_token(secrets(site)["TOKEN_PRIVATE_KEY"], caller, seconds=3600)
    return {"authorization": f"Bearer {token}"}


@once
def official(site: Site, role: Role, elsewhere: str = "") -> Caller:
    """Somebody of this role, here or in another region, signed in at a browser."""
    region = elsewhere or REGIONS[role]
    subject = UNKNOWN if elsewhere else account_of(site, role)
    library = own_library(site) if role == "library" and not elsewhere else ""
    return Caller(role, f"{role} {region}", subject, region, session=str(uuid4()), library=library)


def account_of(site: Site, role: Role) -> str:
    """Id of the demo account of a role."""
    email = next(one["email"] for one in site.told["accounts"] if one["role"] == role)
    found = site.client().get(f"/registration/accounts?q={email}", headers=site.staff)
    ids = re.findall(r"/registration/accounts/([0-9a-f-]{36})", found.text)
    assert len(ids) == 1, f"{email}: {found.status_code}"
    return str(ids[0])


@once
def own_library(site: Site) -> str:
    """Id of the library that the demo account reports for, once reporting has heard of it."""
    client = site.signed_in("pustaka@contoh.id")
    found = read_token(secrets(site)["TOKEN_PUBLIC_KEY"], client.cookies[COOKIE]).library
    eventually(lambda: client.get("/reporting/own").status_code == 200, "reporting heard")
    return found
