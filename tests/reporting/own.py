"""A library's own page, as somebody with an account or with a link uses it."""

import re
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
from PIL import Image
from reporting.builders import Office
from sqlalchemy import text

from services.reporting import library_links
from services.reporting.models import Library
from services.reporting.resources import database
from shared.security import Caller

DAY = "2025-03-10"
REPORT: dict[str, Any] = {
    "day": DAY,
    "title": "Kelas membatik warga",
    "bidang": "Ekonomi",
    "jenis": "Pelatihan",
    "sasaran": "Umum",
    "people": 24,
}


def librarian(library_id: UUID, region_code: str = "21.01.06.2001") -> Office:
    """Somebody who is signed in for a library."""
    name = "Pengelola Contoh"
    return Office(Caller("library", name, "pengelola", region_code, library=str(library_id)))


def link_of(library_id: UUID) -> str:
    """The path of a library's link."""
    with database.sessions.begin() as session:
        address = library_links.link(session, session.get_one(Library, library_id))
    return address.removeprefix("http://test")


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return dict(found)


def filled(office: Office, address: str, **typed: Any) -> dict[str, Any]:
    """The form of an activity, filled in well."""
    answers = {
        "day": DAY,
        "title": "Kelas membatik warga",
        "bidang": "Ekonomi",
        "jenis": "Pelatihan",
        "sasaran": "Pelaku UMKM",
        "people": "24",
        "confirmed": ["long-ago"],
    }
    return hidden(office.get(f"{address}/new/pelibatan").text) | answers | typed


def send(
    office: Office, path: str, form: dict[str, Any], *files: tuple[str, bytes]
) -> httpx.Response:
    """Send a form as a browser does."""
    sent = [("evidence", (name, data, "application/octet-stream")) for name, data in files]
    # Without a file httpx would not make it multipart.
    return office.post(path, data=form, files=sent or [("evidence", ("", b"", ""))])


def photo(width: int = 2000, height: int = 1500) -> bytes:
    """A JPEG that says where it was taken."""
    file = BytesIO()
    exif = Image.Exif()
    exif[0x8825] = {1: "S", 2: (1.0, 2.0, 3.0)}
    Image.effect_noise((width, height), 40).save(file, "JPEG", exif=exif)
    return file.getvalue()


def column(query: str, **values: Any) -> list[Any]:
    with database.sessions.begin() as session:
        return list(session.execute(text(query), values).scalars())


def report_path(answer: httpx.Response) -> str:
    """Where a form that was accepted leads to."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]
