"""People of the browser tests, registered and approved by program: the clicks are elsewhere.

Each test takes a kab/kota of its own, as no more than ten of one may come to a meeting.
"""

from dataclasses import dataclass
from itertools import count

from sites import Site

MEETING = "plm-2027-21"
API = f"/registration/api/v1/meetings/{MEETING}"
numbers = count(1)


@dataclass(frozen=True)
class Guest:
    """Somebody who registered; `own` is the path of the own page."""

    id: str
    name: str
    code: str
    own: str


def register(site: Site, region_code: str) -> Guest:
    """Somebody from a village library, in a village of the meeting's province."""
    number = next(numbers)
    name = f"Tamu Peramban {number:02} (contoh)"
    form = {
        "name": name,
        "email": f"tamu.peramban{number}@contoh.id",
        "participant_type": "village_library",
        "region_code": region_code,
        "library_name": f"Perpustakaan Peramban {number:02} (contoh)",
        "position": "Pengelola",
        "consent": True,
        "directory_consent": True,
    }
    answer = site.client().post(f"{API}/registrations", json=form)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    own = made["links"]["own"].removeprefix(site.base_url)
    return Guest(made["id"], name, made["code"], own)


def approve(site: Site, *guests: Guest) -> None:
    """Let them come."""
    decision = {"action": "approve", "ids": [guest.id for guest in guests]}
    answer = site.client().post(f"{API}/decisions", json=decision, headers=site.staff)
    assert len(answer.json()["done"]) == len(guests), answer.text


def present(site: Site, day: str) -> int:
    """How many are counted as present on a day, as the server knows it."""
    answer = site.client().get(f"{API}/attendance?day={day}", headers=site.staff)
    return int(answer.json()["present"])
