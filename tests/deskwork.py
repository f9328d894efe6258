"""Officials at the desk of registration alone, in this process; sheets they hand in."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
from asking import ask
from registering import numbers
from sites import form_token
from sqlalchemy import text

from services.registration import delegations, meetings, registrations, spreadsheets
from services.registration.models import Meeting
from services.registration.registrations import Submitted
from services.registration.resources import database
from services.registration.schemas import RegistrationForm
from services.registration.settings import settings
from shared.security import Caller, issue_token

NATIONAL = Caller("national", "Petugas Nasional (contoh)", "nasional")
KEPRI = Caller("province", "Petugas Kepri (contoh)", "kepri", "21")
BINTAN = Caller("regency", "PIC Bintan (contoh)", "bintan", "21.01")
RIAU = Caller("province", "Petugas Riau (contoh)", "riau", "14")
LIBRARY = Caller("library", "Perpustakaan (contoh)", "library", "21.01.04.2001")

TITLES = [column.title for column in delegations.COLUMNS]


class Office:
    """One official's browser, or program."""

    def __init__(self, caller: Caller) -> None:
        from services.registration.app import app

        self._app = app
        token = issue_token(settings().token_private_key, caller, seconds=300)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **params: Any) -> httpx.Response:
        """A page, or JSON."""
        return ask(self._app, "GET", inside(path), headers=self._headers, params=params or None)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """A form, or JSON."""
        return ask(self._app, "POST", inside(path), headers=self._headers, **options)

    def fills(self, page: str, values: Mapping[str, Any], path: str = "", **more: Any) -> Any:
        """Send a form of a page, with the form token it shows."""
        shown = self.get(page)
        assert shown.status_code == 200, shown.text
        fields = {"form_token": form_token(shown.text)} | dict(values)
        return self.post(path or page, data=fields, **more)


def inside(path: str) -> str:
    """A path of the site as registration itself knows it."""
    path = re.sub(r"^https?://[^/]+", "", path)
    return path.removeprefix("/registration")


def person(**changes: Any) -> RegistrationForm:
    """Somebody who does not exist."""
    fields = {
        "name": f"Peserta Contoh {next(numbers)}",
        "email": "peserta@contoh.id",
        "participant_type": "village_library",
        "region_code": "21.01.04.2001",
        "library_name": "Perpustakaan Desa Contoh",
        "position": "Pengelola",
        "consent": True,
    }
    return RegistrationForm.model_validate(fields | changes)


def submit(meeting: Meeting, **changes: Any) -> Submitted:
    """Somebody registers."""
    with database.autocommit() as connection:
        found = meetings.find(connection, meeting.slug)
        key = f"test:{next(numbers)}"
        return registrations.submit(connection, found, person(**changes), key)


def statuses(meeting: Meeting) -> dict[UUID, str]:
    """Status of each registration, in the order they came."""
    query = text(
        "SELECT id, status FROM registration WHERE meeting_id = :id ORDER BY submitted_at, id"
    )
    with database.sessions.begin() as session:
        return {row.id: row.status for row in session.execute(query, {"id": meeting.id})}


def row(**changes: str) -> list[str]:
    """A row of the template, right if nothing is changed."""
    number = next(numbers)
    cells = {
        "name": f"Peserta Tabel {number}",
        "participant_type": "Perpustakaan desa/kelurahan",
        "region_code": "21.01.04.2001",
        "library_name": "Perpustakaan Desa Contoh",
        "position": "Pengelola",
        "email": f"tabel{number}@contoh.id",
    } | changes
    return [cells.get(column.key, "") for column in delegations.COLUMNS]


def csv_sheet(rows: Iterable[Sequence[str]], titles: Sequence[str] = TITLES) -> bytes:
    """A sheet as CSV."""
    return spreadsheets.write_csv(titles, rows)


def xlsx_sheet(rows: Sequence[Sequence[str]], titles: Sequence[str] = TITLES) -> bytes:
    """A sheet as XLSX."""
    return spreadsheets.write_xlsx({"Isian": (titles, rows)})
