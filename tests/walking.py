"""What the walk of all routes needs: the routes, who calls them, and real things to put in a path.

A new route with a new parameter fails the walk until `THINGS` says what stands in its place.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

import httpx
from fastapi.routing import APIRoute
from PIL import Image
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
    anyone,
    crew,
    hosts,
    issue_token,
    libraries,
    members,
    national,
    read_token,
    staff,
)

SERVICES = ("registration", "reporting", "notifications")
# They tell nothing personal, and a probe has no account.
OPEN = {"/health/live", "/health/ready", "/metrics"}
SAFE = {"GET", "HEAD"}

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
MEETING = "plm-2027-21"  # in province 21, and open
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


@dataclass(frozen=True)
class Step:
    """One route by one method, and who may call it: no roles at all means everybody."""

    service: str
    route: APIRoute
    method: str
    roles: tuple[Role, ...]

    @property
    def name(self) -> str:
        """Method and address with its parameters."""
        return f"{self.method} {self.service}{self.route.path}"

    @property
    def parameters(self) -> list[str]:
        """What stands in the path, such as `{slug}`."""
        return re.findall(r"\{\w+(?::\w+)?\}", self.route.path)

    @property
    def things(self) -> list[str]:
        """Those of them that stand for something that lies in a region."""
        return [parameter for parameter in self.parameters if parameter not in WORDS]


def routes(service: str) -> list[APIRoute]:
    """Every route of a service; FastAPI keeps those of an included router inside it."""
    app = import_module(f"services.{service}.app").app
    inside = [getattr(route, "original_router", None) for route in app.routes]
    listed = [*app.routes, *(route for router in inside if router for route in router.routes)]
    found = [route for route in listed if isinstance(route, APIRoute)]
    assert len(found) > len(OPEN) + 3
    return found


def declared(route: APIRoute) -> set[object]:
    """Every dependency of a route, at any depth."""
    waiting = [route.dependant]
    found: set[object] = set()
    while waiting:
        dependant = waiting.pop()
        found.add(dependant.call)
        waiting += dependant.dependencies
    return found


def steps(service: str) -> Iterator[Step]:
    """Each route by each of its methods."""
    for route in routes(service):
        said = declared(route)
        closed = [set(roles) for permission, roles in ALLOWED.items() if permission in said]
        roles = tuple(set.intersection(*closed)) if closed else ()
        assert roles or anyone in said or route.path in OPEN, f"{service}{route.path}"
        for method in sorted(route.methods or ()):
            yield Step(service, route, method, roles)


def walkable(service: str) -> Iterator[Step]:
    """The steps whose parameters are all known; a test of its own fails for the others."""
    return (step for step in steps(service) if not unknown(step))


def unknown(step: Step) -> list[str]:
    """The parameters of which `THINGS` does not say what they are."""
    return [parameter for parameter in step.parameters if thing(step, parameter) is None]


def thing(step: Step, parameter: str) -> Callable[[Site], str] | None:
    """What stands for a parameter here."""
    address = f"{step.service}{step.route.path}"
    upto = address.partition(parameter)[0] + parameter
    return THINGS.get(upto) or THINGS.get(parameter)


def path(site: Site, step: Step) -> str:
    """The address with real things in it."""
    address = f"/{step.service}{step.route.path}"
    for parameter in step.parameters:
        make = thing(step, parameter)
        assert make, unknown(step)
        address = address.replace(parameter, make(site), 1)
    return address


@once
def secrets(site: Site) -> dict[str, str]:
    """The keys of this copy."""
    return dict(json.loads((site.data / "secrets.json").read_text()))


@once
def visitor(site: Site) -> httpx.Client:
    """One for all steps, as a new one costs more than a request."""
    return site.client()


@once
def headers(site: Site, caller: Caller | None) -> dict[str, str]:
    """How a caller proves who they are; None is nobody."""
    if caller is None:
        return {}
    token = issue_token(secrets(site)["TOKEN_PRIVATE_KEY"], caller, seconds=3600)
    return {"authorization": f"Bearer {token}"}


@once
def official(site: Site, role: Role, *, neighbour: bool = False) -> Caller:
    """Somebody of this role, here or in a neighbouring region, signed in at a browser."""
    region = (NEIGHBOURS if neighbour else REGIONS)[role]
    subject = UNKNOWN if neighbour else account_of(site, role)
    library = own_library(site) if role == "library" and not neighbour else ""
    return Caller(role, f"{role} {region}", subject, region, session=str(uuid4()), library=library)


def body(site: Site, step: Step) -> dict[str, Any]:
    """A form of ours with nothing in it, or an empty object."""
    if "/api/" in step.route.path or step.method in SAFE:
        return {"json": {}} if step.method not in SAFE else {}
    key = secrets(site)["SECRET_KEY_" + step.service.upper()]
    return {"data": {"form_token": Signer(lambda: key, "form").new_form()}}


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


@once
def activity(site: Site) -> str:
    """Id of a report of that library."""
    offered = {
        "stream": "pelibatan",
        "client_ref": str(uuid4()),
        "confirmed": ["long-ago"],
        "report": {
            "day": "2025-03-10",
            "title": "Kegiatan Jalan (contoh)",
            "bidang": "Ekonomi",
            "jenis": "Pelatihan",
            "sasaran": "Umum",
            "people": 12,
        },
    }
    who = headers(site, official(site, "library"))
    answer = site.client().post("/reporting/api/v1/own/activities", json=offered, headers=who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@once
def schedule(site: Site) -> str:
    """Id of a schedule of the kab/kota's."""
    key = secrets(site)["SECRET_KEY_REPORTING"]
    sent = {
        "form_token": Signer(lambda: key, "form").new_form(),
        "kind": "completeness",
        "region": "21.01",
        "format": "csv",
        "language": "id",
        "every": "month",
        "day": "11",
        "hour": "8",
    }
    who, client = headers(site, official(site, "regency")), site.client()
    answer = client.post("/reporting/schedules", data=sent, headers=who)
    assert answer.status_code == 303, answer.text[-2000:]
    page = client.get("/reporting/schedules", headers=who)
    ids = re.findall(r"/reporting/schedules/([0-9a-f-]{36})", page.text)
    assert ids, "no schedule is listed"
    return str(ids[0])


@once
def period_lock(site: Site) -> str:
    """Id of a month that the kab/kota locked."""
    key = secrets(site)["SECRET_KEY_REPORTING"]
    sent = {"form_token": Signer(lambda: key, "form").new_form(), "month": "2025-03"}
    who = headers(site, official(site, "regency"))
    answer = site.client().post("/reporting/locks", data=sent, headers=who)
    assert answer.status_code == 303, answer.text[-2000:]
    return answer.headers["location"].rpartition("/")[2]


@once
def sim_import(site: Site) -> str:
    """Id of a file of the older system that the national office handed in."""
    files = {"file": ("pelibatan.json", b'[{"jumlah_peserta": "1"}]', "application/json")}
    who = headers(site, official(site, "national"))
    answer = site.client().post("/reporting/api/v1/imports", files=files, headers=who)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@once
def registered(site: Site) -> dict[str, Any]:
    """Somebody who registered for the meeting."""
    person = {
        "name": "Peserta Jalan (contoh)",
        "email": "jalan@contoh.id",
        "participant_type": "village_library",
        "region_code": "21.01.04.2001",
        "library_name": "Perpustakaan Jalan (contoh)",
        "position": "Pengelola",
        "consent": True,
    }
    address = f"/registration/api/v1/meetings/{MEETING}/registrations"
    answer = site.client().post(address, json=person)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@once
def message(site: Site) -> str:
    """Id of the message to them."""
    registered(site)
    address = "/notifications/api/v1/messages?recipient=jalan@contoh.id"

    def found() -> str | None:
        items = site.client().get(address, headers=site.staff).json()["items"]
        return str(items[0]["id"]) if items else None

    return eventually(found, "a message")


@once
def report(site: Site) -> str:
    """Id of a report on the meeting, ordered by the national office: a report is its orderer's."""
    order = {"kind": "attendance_list", "format": "csv", "params": {"meeting": known(site)}}
    who = headers(site, official(site, "national"))
    answer = site.client().post("/reporting/api/v1/reports", json=order, headers=who)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"]).rpartition("/")[2]


@once
def known(site: Site) -> str:
    """The meeting, once reporting has heard of it."""
    address = f"/reporting/api/v1/meetings/{MEETING}/summary"
    client = site.client()
    eventually(
        lambda: client.get(address, headers=site.staff).status_code == 200, "reporting heard"
    )
    return MEETING


@once
def listed(site: Site, page: str) -> str:
    """Id of the first thing that a list shows to the province."""
    answer = site.client().get(page, headers=headers(site, official(site, "province")))
    found = re.search(rf'{page}/([0-9a-f]{{8}}-[0-9a-f-]{{27}})"', answer.text)
    assert found, f"{page}: {answer.status_code}, and nothing is listed"
    return found[1]


@once
def listed_below(site: Site, part: str) -> str:
    """Id of the first thing that a page of the meeting's hosts lists."""
    return listed(site, f"/registration/meetings/{MEETING}/{part}")


def signed(site: Site, purpose: str, value: str) -> str:
    """What stands in a link that notifications signed."""
    key = secrets(site)["SECRET_KEY_NOTIFICATIONS"]
    return Signer(lambda: key, purpose).sign(value, seconds=3600)


@once
def webhook(site: Site) -> str:
    """Id of an endpoint of the province; nobody listens there."""
    made = {
        "name": "Sistem Jalan (contoh)",
        "url": "https://sistem.contoh.id/webhook",
        "types": ["certificate.revoked"],
    }
    who = headers(site, official(site, "province"))
    answer = site.client().post("/notifications/api/v1/webhooks", json=made, headers=who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@once
def webhook_delivery(site: Site) -> str:
    """Id of what was sent there; it is paused, so nothing goes."""
    who = headers(site, official(site, "province"))
    address = f"/notifications/api/v1/webhooks/{webhook(site)}"
    assert site.client().post(f"{address}/pause", headers=who).status_code == 200
    answer = site.client().post(f"{address}/test", headers=who)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@once
def announcement(site: Site) -> str:
    """Id of a draft of the province."""
    made = {
        "subject": "Pengumuman Jalan (contoh)",
        "body": "Isi pengumuman contoh.",
        "audience": {"kind": "participants"},
        "channels": ["email"],
    }
    who = headers(site, official(site, "province"))
    answer = site.client().post("/notifications/api/v1/announcements", json=made, headers=who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def form_of(site: Site) -> str:
    """A form token, as a page would have given it."""
    key = secrets(site)["SECRET_KEY_REGISTRATION"]
    return Signer(lambda: key, "form").new_form()


@once
def imported(site: Site) -> str:
    """Id of an import of the national office: it is its sender's, and of their region."""
    address = f"/registration/desk/{MEETING}/imports"
    sent = {"form_token": form_of(site), "consent": "yes"}
    files = {"file": ("peserta.csv", b"Nama,Surel\nPeserta Contoh,impor@contoh.id\n", "text/csv")}
    who = headers(site, official(site, "national"))
    answer = site.client().post(address, data=sent, files=files, headers=who)
    assert answer.status_code == 303, answer.text[-2000:]
    return answer.headers["location"].rpartition("/")[2]


@once
def uploaded(site: Site) -> str:
    """Id of the letter of assignment that came with a registration."""
    client = site.client()
    sent = {
        "form_token": form_of(site),
        "name": "Peserta Surat (contoh)",
        "email": "surat@contoh.id",
        "participant_type": "village_library",
        "region_code": "21.01.04.2001",
        "library_name": "Perpustakaan Surat (contoh)",
        "position": "Pengelola",
        "consent": "yes",
    }
    files = {"assignment_letter": ("surat.jpg", photo(), "image/jpeg")}
    answer = client.post(f"/registration/meetings/{MEETING}/register", data=sent, files=files)
    assert answer.status_code == 303, answer.text[-2000:]
    address = f"/registration/api/v1/meetings/{MEETING}/registrations?q=surat@contoh.id"
    [found] = client.get(address, headers=site.staff).json()["items"]
    page = client.get(f"/registration/desk/{MEETING}/r/{found['id']}", headers=site.staff)
    ids = re.findall(r"/registration/uploads/([0-9a-f-]{36})", page.text)
    assert ids, "the desk shows no upload"
    return str(ids[0])


@once
def asked(site: Site) -> str:
    """Id of the request of somebody who wants a copy of their data corrected."""
    own = str(registered(site)["links"]["own"]).removeprefix(site.base_url)
    sent = {"form_token": form_of(site), "note": "Nama saya salah tulis (contoh)."}
    answer = site.client().post(f"{own}/data/ask/correct", data=sent)
    assert answer.status_code == 303, answer.text[-2000:]
    page = site.client().get("/registration/privacy", headers=site.staff)
    ids = re.findall(r"/registration/privacy/requests/([0-9a-f-]{36})", page.text)
    assert ids, "no request is listed"
    return str(ids[0])


def photo() -> bytes:
    """A small JPEG."""
    file = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "JPEG")
    return file.getvalue()


def always(word: str) -> Callable[[Site], str]:
    """The same on every site."""
    return lambda _: word


def made_up(_site: Site) -> str:
    """Public pages answer the same to everybody, so a link that never was will do."""
    return "dibuat-buat"


# By parameter, or by the address up to and including it where one name stands for several things.
THINGS: dict[str, Callable[[Site], str]] = {
    "{slug}": lambda _: MEETING,
    "{registration_id}": lambda site: str(registered(site)["id"]),
    "{account_id}": lambda site: account_of(site, "library"),
    "{message_id}": message,
    "{report_id}": report,
    "{library_id}": lambda site: listed(site, "/registration/libraries"),
    "{person_id}": lambda site: listed(site, "/registration/people"),
    "{session_id}": lambda site: listed_below(site, "agenda"),
    "{question_id}": lambda site: listed_below(site, "questions"),
    "{job_id}": imported,
    "{request_id}": asked,
    "registration/uploads/{upload_id}": uploaded,
    "registration/rounds/{name}": lambda _: "plm-2027",
    "notifications/providers/{name}": lambda _: "smtp",
    "notifications/api/v1/providers/{name}": lambda _: "smtp",
    "{code}": made_up,
    "{gateway}": made_up,
    "{announcement_id}": announcement,
    "{webhook_id}": webhook,
    "{delivery_id}": webhook_delivery,
    "registration/r/{token}": lambda site: str(registered(site)["links"]["own"]).rpartition("/")[2],
    "registration/password/{link}": made_up,
    "registration/sign-in/code/{page}": made_up,
    "reporting/meetings/{slug}": known,
    "reporting/api/v1/meetings/{slug}": known,
    "reporting/files/{token}": made_up,
    "reporting/schedules/{schedule_id}": schedule,
    "reporting/evidence/{token}": made_up,
    "reporting/own/l/{token}": made_up,
    "reporting/own/links/{library_id}": own_library,
    "{activity_id}": activity,
    "{lock_id}": period_lock,
    "{import_id}": sim_import,
    "notifications/preferences/{token}": lambda site: signed(site, "preferences", "x@contoh.id"),
    "notifications/unsubscribe/{token}": lambda site: signed(
        site, "unsubscribe", "reminder x@contoh.id"
    ),
}
# These are no things but words, the same for everybody.
WORDS = {
    "{kind_name}": "libraries",
    "{action}": "cancel",
    "{rule_name}": "reminder-week",
    "{extension}": "csv",
    "{step}": "revoke",
    "{size}": "small",
    "{kind}": "correct",
    "{purpose}": "photo",
    "{template}": "registration_approved",
    "{number}": "0",
    "{language}": "id",
    "{stream}": "pelibatan",
}
THINGS |= {parameter: always(word) for parameter, word in WORDS.items()}
# None of these is real: one's own things, which nobody else has, and things below a meeting, which
# is real and decides. Nobody of another region gets anything, but nobody in scope does either.
UNREAL = {"{token_id}", "{check_in_id}", "{run_id}", "{certificate_id}", "{form_id}"}
MADE_UP = dict.fromkeys((*UNREAL, "{upload_id}"), always(UNKNOWN))
THINGS = MADE_UP | THINGS

# Steps with a thing in the path that somebody of another region may take ("GET registration/..."),
# each with its reason.
SHARED: dict[str, str] = {}
