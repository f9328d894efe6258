"""A registrant's browser on registration alone, in this process, and meetings to register for."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from asking import ask
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sites import form_token
from sqlalchemy import text

from services.registration import meetings
from services.registration.meetings import QuotaPlan
from services.registration.models import Meeting, Registration
from services.registration.resources import database, own_links

VILLAGE = "21.01.04.2001"
PERSON = {
    "name": "Peserta Contoh",
    "email": "peserta@contoh.id",
    "participant_type": "village_library",
    "region_code": VILLAGE,
    "library_name": "Perpustakaan Desa Contoh",
    "position": "Pengelola",
    "consent": "yes",
}
BOOTH = {
    "booth_title": "Keripik Contoh",
    "booth_description": "Dibuat bersama warga.",
    "product_name_1": "Keripik pisang",
    "product_price_1": "Rp25.000",
    "booth_public": "yes",
}
numbers = count(1)


def open_meeting(capacity: int = 100, *quotas: QuotaPlan, **changes: Any) -> Meeting:
    """A new meeting of Kepulauan Riau."""
    now = datetime.now(UTC)
    fields = {
        "slug": f"isian-{next(numbers)}",
        "title": "Pertemuan Contoh",
        "province_code": "21",
        "venue": "Gedung Contoh",
        "zone": "Asia/Jakarta",
        "starts_at": now + timedelta(days=30),
        "ends_at": now + timedelta(days=31),
        "closes_at": now + timedelta(days=20),
        "status": "published",
    }
    meeting = Meeting(**(fields | changes))
    with database.sessions.begin() as session:
        meetings.publish(session, meeting, [QuotaPlan("meeting", "", capacity), *quotas])
    return meeting


def pdf() -> bytes:
    """A letter of one page."""
    out = BytesIO()
    canvas = Canvas(out)
    canvas.drawString(100, 700, "Surat tugas contoh")
    canvas.save()
    return out.getvalue()


def photo(colour: str = "teal") -> bytes:
    """A small JPEG."""
    out = BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return out.getvalue()


class Browser:
    """Knows cookies, and asks as from one address."""

    def __init__(self, address: str = "203.0.113.7") -> None:
        from services.registration.app import app

        self._app = app
        self._address = address
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, address: str, **options: Any) -> httpx.Response:
        """One request; an address as a page or a mail shows it."""
        path = re.sub(r"^(https?://[^/]+)?/registration", "", address)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = options.pop("headers", {}) | ({"cookie": cookies} if cookies else {})
        answer = ask(self._app, method, path, caller=self._address, headers=headers, **options)
        self.cookies |= dict(answer.cookies)
        return answer

    def get(self, address: str, **options: Any) -> httpx.Response:
        """A page."""
        return self.ask("GET", address, **options)

    def fill_in(self, meeting: Meeting, values: dict[str, str], **options: Any) -> httpx.Response:
        """The registration form of a meeting, sent with a form token of its page."""
        address = f"/meetings/{meeting.slug}/register"
        if "form_token" not in values:
            params = {"participant_type": values["participant_type"]}
            values = values | {"form_token": form_token(self.get(address, params=params).text)}
        return self.ask("POST", address, data=values, **options)

    def registers(self, meeting: Meeting, **changes: Any) -> str:
        """Somebody who succeeds; returns the own page's path."""
        answer = self.fill_in(meeting, PERSON | changes)
        assert answer.status_code == 303, answer.text
        return path(answer.headers["location"])

    def does(self, address: str, step: str, **values: str) -> httpx.Response:
        """A step on the own page, with the form token that it shows."""
        shown = address if step == "accept" else f"{address}/{step}"
        values = values | {"form_token": form_token(self.get(shown).text)}
        return self.ask("POST", f"{address}/{step}", data=values)


def path(link: str) -> str:
    """An own link without the host."""
    return re.sub(r"^https?://[^/]+", "", link)


def registration(own: str) -> Registration:
    """What an own link opens, as it is now."""
    with database.sessions() as session:
        found = session.get_one(Registration, UUID(own_links.read(own.rpartition("/")[2])))
        session.expunge(found)
        return found


def registered(meeting: Meeting) -> int:
    """How many registrations a meeting has."""
    with database.sessions.begin() as session:
        query = text("SELECT count(*) FROM registration WHERE meeting_id = :id")
        return int(session.execute(query, {"id": meeting.id}).scalar_one())
