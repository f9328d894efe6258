"""Demo data: a year of plainly made-up reports, so that a newcomer sees pages that live.

Everything follows from the libraries and the day: the same again makes the same reports.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting import (
    activities,
    completeness,
    demo_contents,
    demo_pictures,
    drafts,
    evidence,
    libraries,
    rollups,
    targets,
)
from services.reporting.activities import Handed, Sender
from services.reporting.streams import STREAMS
from services.reporting.tile_maps import short_name
from shared.events import LibraryChanged
from shared.security import Caller, Role

BUSY = "21.01.04.1005"  # the village of the demo librarian, who reports every month
SILENT = 9  # of so many libraries one reports nothing
YEAR = 355  # days back, so that all lies in the dashboard's first view
# From its first day on, after so many days a report comes.
LAG = {"day": 4, "month": 33, "half_year": 100}
LATE = 60
FRESH = 4  # months
# So many days after it came a report has passed so many stages.
AGES = ((120, 3), (60, 2), (21, 1))
PROVEN = {"pelibatan", "cerita"}  # streams whose reports have pictures
SENDER = Sender("Pengelola Contoh", "library")
CHECKER = "Verifikator (contoh)"
LEVELS: dict[int, Role] = {1: "regency", 2: "province", 3: "national"}
NATIONAL = Caller("national", "Petugas Nasional (contoh)", "demo")
COMMENTS = (
    "Tanggalnya tidak sama dengan yang tertulis di buktinya, mohon diperiksa.",
    "Jumlah peserta belum sesuai dengan daftar hadir, mohon diperiksa.",
    "Mohon lengkapi rincian peserta laki-laki dan perempuan.",
)
AIMS = {
    "": {"activities": 150, "people": 3000, "visits": 40_000, "stories": 20, "villages": 40},
    "21": {"activities": 90, "people": 2000, "visits": 25_000, "publications": 30},
    "21.01": {"activities": 30, "people": 600, "visits": 6000},
}

# They came, and were decided on, as time went by and not all at the start of the demo.
_DATE = text("""
    UPDATE activity SET submitted_at = told.sent,
        changed_at = least(now(), told.sent + (revision - 1) * interval '4 days')
    FROM json_to_recordset(CAST(:rows AS json)) AS told(id uuid, sent timestamptz)
    WHERE activity.id = told.id""")
_DATE_CHANGES = text("""
    UPDATE activity_change AS change SET happened_at =
        least(now(), submitted_at + (change.revision - 1) * interval '4 days')
    FROM activity WHERE activity.id = change.activity_id""")


@dataclass(frozen=True, slots=True)
class Planned:
    """A report to be: of its day, and handed in on another."""

    library: LibraryChanged
    stream: str
    number: int  # everything else follows from it
    day: date
    sent: date


def seed(session: Session, told: Sequence[LibraryChanged], today: date) -> int:
    """Add a year of reports of these libraries, unless there are any; returns how many."""
    if session.execute(text("SELECT EXISTS (SELECT FROM activity)")).scalar_one():
        return 0
    libraries.keep(session, told, today)
    # By the day they came: their ids, and so the lists, are in that order.
    planned = sorted(_plan(told, today), key=lambda one: (one.sent, one.number))
    made = {_submit(session, one): one for one in planned}
    _prove(session, made)
    _decide(session, made, today)
    rows = [{"id": str(key), "sent": f"{one.sent} 03:00+00"} for key, one in made.items()]
    session.execute(_DATE, {"rows": json.dumps(rows)})
    session.execute(_DATE_CHANGES)
    for region_code, aims in AIMS.items():
        targets.change(session, NATIONAL, region_code, today.year, aims)
    rollups.apply(session)
    return len(made)


def _plan(told: Sequence[LibraryChanged], today: date) -> Iterator[Planned]:
    for number, library in enumerate(sorted(told, key=lambda one: (one.region_code, one.name))):
        if number % SILENT < SILENT - 1 or library.region_code == BUSY:
            for turn, (stream, back) in enumerate(_streams(library, number, today)):
                day = today - timedelta(days=back)
                yield _planned(library, stream, number * 7 + turn, day, today)


def _streams(library: LibraryChanged, number: int, today: date) -> list[tuple[str, int]]:
    """What a library reports, and how many days ago it was."""
    if library.region_code == BUSY:
        begun = [(today - first).days for first in completeness.months(today, 12)]
        months = [max(2, days - 9) for days in begun if days > 1]
        every = [(stream, back) for back in months for stream in ("pengunjung", "pelibatan")]
        return [*every, ("peningkatan", 150), ("cerita", 200), ("advokasi", 80), ("publikasi", 40)]
    streams = ["pelibatan", "publikasi", "pelibatan"]
    if library.kind in {"province", "regency"}:
        streams = ["pelibatan", "advokasi", "publikasi"]
    if library.kind == "regency":
        streams += ["replikasi", "replikasi"]
    rarer = {2: "advokasi", 3: "cerita", 4: "peningkatan"}
    streams += [stream for every, stream in rarer.items() if number % every == 0]
    found = [(one, (number * 37 + turn * 71) % YEAR + 2) for turn, one in enumerate(streams)]
    # Visitors of the last months that are over; now and then a month is missing.
    begun = [(today - first).days for first in completeness.months(today, FRESH + 1)[:-1]]
    visits = [("pengunjung", days) for at, days in enumerate(begun) if (number + at) % 5]
    return found + visits if library.kind == "village" else found


def _planned(library: LibraryChanged, stream: str, number: int, day: date, today: date) -> Planned:
    every = STREAMS[stream].every
    if every == "month":
        day = day.replace(day=1)
    elif every == "half_year":
        day = day.replace(month=1 if day.month <= drafts.JUNE else 7, day=1)
    elif (day.month, day.day) == (1, 1):
        day -= timedelta(days=1)  # who reports 1 January is asked whether that is right
    lag = LAG[every] + number % 6 + (LATE if every == "day" and number % 8 == 0 else 0)
    return Planned(library, stream, number, day, min(today, day + timedelta(days=lag)))


def _submit(session: Session, one: Planned) -> UUID:
    raw: dict[str, Any] = demo_contents.of(one.stream, one.number) | {"day": str(one.day)}
    draft = drafts.read(STREAMS[one.stream], raw, one.sent)
    made, _ = activities.submit(session, one.library.library_id, Handed(draft), SENDER, one.sent)
    return made


def _prove(session: Session, made: dict[UUID, Planned]) -> None:
    """Give some reports pictures as evidence, in the way a form does."""
    pictures = [evidence.receive(*demo_pictures.of(n)) for n in range(demo_pictures.COUNT)]
    for key, one in made.items():
        if one.stream in PROVEN and (one.number % 3 or one.library.region_code == BUSY):
            for turn in range(1 + one.number % 2):
                picture = pictures[(one.number + turn) % len(pictures)]
                evidence.add(session, one.library.library_id, key, picture)
            evidence.adopt(session, one.library.library_id, key, key)


def _decide(session: Session, made: dict[UUID, Planned], today: date) -> None:
    """Let every level decide what it would have by now; some is left, and some sent back."""
    reached: dict[tuple[int, str], list[UUID]] = defaultdict(list)
    for key, one in made.items():
        region, stage = one.library.region_code, _stage(one, today)
        for level, code in enumerate((region[:5], region[:2], "")[: max(stage, 0)], 1):
            reached[level, code].append(key)
        if stage < 0:
            fitting = COMMENTS if STREAMS[one.stream].counts_people else COMMENTS[:1]
            comment = fitting[one.number % len(fitting)]
            activities.send_back(session, _official(1, region[:5]), [key], comment)
    for (level, code), ids in sorted(reached.items()):
        activities.verify(session, _official(level, code), ids)


def _official(level: int, code: str) -> Caller:
    role = LEVELS[level]
    return NATIONAL if not code else Caller(role, f"{CHECKER} {short_name(code)}", "demo", code)


def _stage(one: Planned, today: date) -> int:
    age = (today - one.sent).days
    if one.number % 16 == 5:
        return -1
    stage = next((stage for days, stage in AGES if age > days), 0)
    return stage - 1 if stage and one.number % 7 == 3 else stage
