"""Real things to put in a path of the walk, made on a site as people make them.

A new route with a new parameter fails the walk until `THINGS` says what stands in its place.
"""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import uuid4

from callers import UNKNOWN, account_of, form_token, headers, official, once, own_library, secrets
from PIL import Image
from sites import Site, eventually

from shared.security import Signer

MEETING = "plm-2027-21"  # in province 21, and open


@once
def activity(site: Site) -> str:
    """Id of a report of the library that the demo account reports for."""
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
def story(site: Site) -> str:
    """Id of a story that everybody may read: verified nationally, and with consent."""
    told = {
        "day": "2025-04-02",
        "title": "Dari dapur ke pasar (contoh)",
        "bidang": "Ekonomi",
        "sebelum": "Kue dibuat untuk keluarga saja.",
        "sesudah": "Kue dijual di tiga warung.\nPenghasilannya bertambah.",
        "amount": 400000,
        "izin_terbit": True,
    }
    offered = {"stream": "cerita", "client_ref": str(uuid4()), "confirmed": ["long-ago"]}
    who, client = headers(site, official(site, "library")), site.client()
    address = "/reporting/api/v1/own/activities"
    answer = client.post(address, json=offered | {"report": told}, headers=who)
    assert answer.status_code == 201, answer.text
    made = str(answer.json()["id"])
    verdict = {"action": "verify", "revision": answer.json()["revision"]}
    who = headers(site, official(site, "national"))
    address = f"/reporting/api/v1/activities/{made}/decisions"
    answer = client.post(address, json=verdict, headers=who)
    assert answer.status_code == 200, answer.text
    return made


@once
def schedule(site: Site) -> str:
    """Id of a schedule of the kab/kota's."""
    sent = {
        "form_token": form_token(site, "reporting"),
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
    sent = {"form_token": form_token(site, "reporting"), "month": "2025-03"}
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


@once
def imported(site: Site) -> str:
    """Id of an import of the national office: it is its sender's, and of their region."""
    address = f"/registration/desk/{MEETING}/imports"
    sent = {"form_token": form_token(site, "registration"), "consent": "yes"}
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
        "form_token": form_token(site, "registration"),
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
    sent = {
        "form_token": form_token(site, "registration"),
        "note": "Nama saya salah tulis (contoh).",
    }
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
    "registration/api/v1/regions/{code}": lambda _: "21.01",
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
    "{story_id}": story,
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
# Those that lie in 21.01 or are somebody's own, so that the next kab/kota has no part in them.
IN_REGENCY = {
    "{registration_id}",
    "{message_id}",
    "{account_id}",
    "{report_id}",
    "{job_id}",
    "{request_id}",
    "{upload_id}",
    "{schedule_id}",
    "{activity_id}",
    "{lock_id}",
    "{import_id}",
}
# None of these is real: one's own things, which nobody else has, and things below a meeting, which
# is real and decides. Nobody of another region gets anything, but nobody in scope does either.
UNREAL = {"{token_id}", "{check_in_id}", "{run_id}", "{certificate_id}", "{form_id}"}
MADE_UP = dict.fromkeys((*UNREAL, "{upload_id}"), always(UNKNOWN))
THINGS = MADE_UP | THINGS

# What is written on the things that lie in 21.01.
NAMES_IN_REGENCY = (
    "jalan@contoh.id",
    "Peserta Jalan",
    "Perpustakaan Jalan",
    "Peserta Surat",
    "Perpustakaan Surat",
    "Kegiatan Jalan",
)


@once
def marks(site: Site) -> tuple[str, ...]:
    """What a list says that shows one of the things in 21.01: a name of theirs, or an id."""
    made = (uploaded, asked, message, activity, schedule)
    ids = (make(site) for make in made)
    return (*NAMES_IN_REGENCY, str(registered(site)["id"]), *ids)
