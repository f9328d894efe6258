"""200 tries for 50 seats, at 8 and at 32 clients: nested quotas of real HTTP, web and PostgreSQL.

A meeting of 50, at most 10 from each kab/kota and 2 from each institution; five meetings a round.
Figures: `oversold` (seats beyond any quota, counted from the registrations themselves), `unsold`
(of the 50, although enough people asked), `errors_5xx`, and `rps` and `p95_ms` for both rounds.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from bench.laboratory import percentile, print_figures
from bench.load import post_all
from bench.site import BenchSite
from shared import regions

TRIES, SEATS, PER_REGENCY, PER_INSTITUTION = 200, 50, 10, 2
MEETINGS = 5
PROVINCE = "21"


def run() -> None:
    """Race, count, and print one JSON object."""
    with BenchSite(workers=2) as site:
        _race(site.port, 8, "warm")
        eight = _race(site.port, 8, "eight")
        many = _race(site.port, 32, "many")
        sold = [_sold(f"{name}-{n}") for name in ("eight", "many") for n in range(MEETINGS)]
    print_figures(
        "race",
        meetings=len(sold),
        oversold=sum(oversold for _, oversold in sold),
        unsold=sum(SEATS - seats for seats, _ in sold),
        errors_5xx=eight["errors"] + many["errors"],
        rps_8=eight["rps"],
        p95_ms_8=eight["p95_ms"],
        rps_32=many["rps"],
        p95_ms_32=many["p95_ms"],
    )


def _race(port: int, clients: int, name: str) -> dict[str, Any]:
    seconds, times, errors = 0.0, [], 0
    for number in range(MEETINGS):
        _open_meeting(f"{name}-{number}")
        path = f"/registration/api/v1/meetings/{name}-{number}/registrations"
        answers, took = post_all(port, [(path, person) for person in _people()], clients)
        seconds += took
        times += [answer.seconds for answer in answers]
        errors += sum(answer.status >= 500 for answer in answers)
        assert {answer.status for answer in answers if answer.status < 500} <= {201, 409}
    return {
        "rps": round(len(times) / seconds),
        "p95_ms": round(percentile(times, 95) * 1000, 1),
        "errors": errors,
    }


def _open_meeting(slug: str) -> None:
    from services.registration import meetings
    from services.registration.meetings import QuotaPlan
    from services.registration.models import Meeting
    from services.registration.resources import database

    now = datetime.now(UTC)
    meeting = Meeting(
        slug=slug,
        title="Lomba kursi (contoh)",
        province_code=PROVINCE,
        venue="Gedung Contoh",
        zone="Asia/Jakarta",
        starts_at=now + timedelta(days=30),
        ends_at=now + timedelta(days=31),
        closes_at=now + timedelta(days=20),
        status="published",
        per_institution=PER_INSTITUTION,
    )
    regencies = regions.children(PROVINCE)
    plans = [QuotaPlan("region", regency.code, PER_REGENCY) for regency in regencies]
    with database.sessions.begin() as session:
        meetings.publish(session, meeting, [QuotaPlan("meeting", "", SEATS), *plans])


def _people() -> list[dict[str, Any]]:
    """Three from each institution, in any order: every kind of quota says no to somebody."""
    regencies = regions.children(PROVINCE)
    people = []
    for number in range(TRIES):
        regency = regencies[number // 3 % len(regencies)]
        village = regions.children(regions.children(regency.code)[0].code)[0]
        people.append(
            {
                "name": f"Peserta Contoh {number}",
                "email": f"lomba{number}@contoh.id",
                "participant_type": "village_library",
                "region_code": village.code,
                "library_name": f"Perpustakaan Contoh {number // 3}",
                "position": "Pengelola perpustakaan",
                "consent": True,
            }
        )
    return random.sample(people, len(people))


def _sold(slug: str) -> tuple[int, int]:
    """Seats taken, and seats beyond a quota: of the meeting, a kab/kota, an institution."""
    from services.registration.resources import database

    with database.sessions.begin() as session:
        rows = session.execute(_SOLD, {"slug": slug}).all()
    limits = {"meeting": SEATS, "region": PER_REGENCY, "institution": PER_INSTITUTION}
    taken = sum(row.people for row in rows if row.kind == "meeting")
    return taken, sum(max(0, row.people - limits[row.kind]) for row in rows)


_SOLD = text("""
    SELECT CASE grouping(substr(region_code, 1, 5), institution)
             WHEN 3 THEN 'meeting' WHEN 1 THEN 'region' ELSE 'institution' END AS kind,
           count(*) AS people
    FROM registration JOIN meeting ON meeting.id = meeting_id WHERE slug = :slug
    GROUP BY GROUPING SETS ((), (substr(region_code, 1, 5)), (institution))""")


if __name__ == "__main__":
    run()
