"""The attendance list of a meeting, as a kind of report: what it holds and how it is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, func, select

from services.reporting import meetings, words
from services.reporting.documents.attendance_list import (
    AttendanceMeeting,
    AttendanceRow,
    write_csv,
    write_pdf,
    write_xlsx,
)
from services.reporting.models import Participant
from services.reporting.report_contents import Work, footer
from services.reporting.report_schemas import AttendanceParams
from shared import regions
from shared.security import Caller
from shared.web.formats import localise

FETCH = 500  # rows in one round trip; so many are in memory, however long the list
WRITERS = {"pdf": write_pdf, "xlsx": write_xlsx, "csv": write_csv}

_PERSON = Participant.__table__.c
_ORGANISER = {"id": "Dinas Perpustakaan Provinsi {}", "en": "{} Province Library Office"}
_ONLY = {"id": "{} (hanya peserta dari {})", "en": "{} (participants from {} only)"}
_FILE = {"id": "daftar-hadir", "en": "attendance-list"}


@dataclass(frozen=True, slots=True)
class AttendanceList:
    """One meeting's list within a scope, seen through one connection.

    List and total agree as long as the connection is in one REPEATABLE READ transaction.
    """

    connection: Connection
    meeting: Row[Any]
    scope: Caller
    params: AttendanceParams

    @classmethod
    def open(
        cls, connection: Connection, params: AttendanceParams, scope: Caller
    ) -> "AttendanceList":
        """Raises `MeetingNotFound`, also for a meeting out of scope."""
        return cls(connection, meetings.find(connection, params.meeting, scope), scope, params)

    @property
    def total(self) -> int:
        """How many people it names."""
        query = select(func.count()).where(meetings.coming(self.params.meeting, self.scope))
        return self.connection.execute(query).scalar_one()

    @property
    def watermark(self) -> str:
        """Changes exactly when what it is made from has changed."""
        return str(self.meeting.revision)

    def file_name(self, extension: str) -> str:
        """`daftar-hadir-plm-2022-21.pdf`; with the region's code when it is not the whole list."""
        parts = [_FILE[self.params.language], self.params.meeting]
        if self._part_of_the_province:
            parts.append(self.scope.region_code)
        return f"{'-'.join(parts)}.{extension}"

    def write(self, work: Work) -> int:
        """Write the file and return the number of people; raises what `progress` raises."""
        language = self.params.language
        ends, write = footer(work, self.watermark), WRITERS[work.format]
        return write(work.path, self._about(), self._rows, ends, work.progress, language)

    @property
    def _part_of_the_province(self) -> bool:
        return "." in self.scope.region_code

    def _about(self) -> AttendanceMeeting:
        meeting, language = self.meeting, self.params.language
        province = meetings.region_name(meeting.province_code)
        title = meeting.title
        if self._part_of_the_province:  # or a part of the list would pass for the whole
            title = _ONLY[language].format(title, meetings.region_name(self.scope.region_code))
        return AttendanceMeeting(
            title=title,
            province=province,
            venue=meeting.venue,
            days=tuple(meeting.days),
            zone_abbreviation=localise(meeting.starts_at, meeting.zone)[1],
            organiser=_ORGANISER[language].format(province),
        )

    def _rows(self) -> Iterator[AttendanceRow]:
        """People by name, from a cursor of the server's; a new one each time it is called."""
        say = words.translator(self.params.language)
        query = (
            select(Participant.__table__)
            .where(meetings.coming(self.params.meeting, self.scope))
            .order_by(_PERSON.sort_name, _PERSON.registration_id)
            .execution_options(yield_per=FETCH)
        )
        with self.connection.execute(query) as people:
            for number, person in enumerate(people, 1):
                kind = person.participant_type
                yield AttendanceRow(
                    number=number,
                    name=person.name,
                    institution=person.library_name,
                    position=person.position,
                    phone=person.phone or "",
                    participant_type=say(words.PARTICIPANT_TYPES.get(kind, kind)),
                    region=_place(person.region_code),
                )


@lru_cache(maxsize=4096)
def _place(code: str) -> str:
    """Where somebody comes from, within a province: "Sebong Lagoi, Kab. Bintan"."""
    region = regions.find(code)
    if region is None:
        return code
    names = region.label.split(", ")
    return names[0] if region.level <= 2 else f"{names[0]}, {names[-2]}"
