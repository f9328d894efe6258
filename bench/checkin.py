"""How fast a door checks people in, and whether a ticket on eight devices lets one person in.

200 scans, a request each, from 8 clients, some rounds of them; then each of some tickets at once on
8 devices. `pgbench` runs the same two statements (the meeting, then check-in + event + audit) on
the same database in the same minute, with as many clients: `ratio_to_database_limit`. `doubled`
counts check-ins and events beyond one for a person; `one_success` is 1 when every shared ticket had
exactly one.
"""

import json
import re
import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import make_url, text

from bench.laboratory import percentile, print_figures
from bench.load import Answer, post_all
from bench.register import _filled, _literal, _open_meetings
from bench.site import BenchSite
from shared.local.postgres import find_programs

SCANS = 200
ROUNDS = 5
CLIENTS = 8
SHARED = 20  # tickets that eight devices have at once
WARM = 500
PEOPLE = 40_000  # enough for pgbench, which takes a new one each time
PGBENCH_S = 8
WORKERS = 2
SLUG = "bench-21"
PATH = f"/registration/api/v1/meetings/{SLUG}/check-ins"
AT = "2030-01-08T01:00:00Z"


def run() -> None:
    """Measure, and print one JSON object."""
    with BenchSite(workers=WORKERS) as site:
        _open_meetings()
        codes = _people()
        days = _days()
        token = site.told["admin_token"]
        _scan(site.port, codes[-WARM:], days[0], token)  # plans, pools, caches
        rounds = [
            _scan(site.port, codes[at * SCANS : (at + 1) * SCANS], days[0], token)
            for at in range(ROUNDS)
        ]
        answers = [answer for done, _ in rounds for answer in done]
        rates = [SCANS / seconds for _, seconds in rounds]
        successes = [
            _successes(site.base_url, code, days[0], token)
            for code in codes[SCANS * ROUNDS : SCANS * ROUNDS + SHARED]
        ]
        doubled = _doubled()
        limit = _database_limit(site.folder, days[1])
    rate = percentile(rates, 50)
    print_figures(
        "checkin",
        scans_per_s=round(rate),
        p95_ms=round(percentile([answer.seconds for answer in answers], 95) * 1000, 1),
        doubled=doubled,
        one_success=int(all(number == 1 for number in successes)),
        database_limit=round(limit),
        ratio_to_database_limit=round(rate / limit, 3),
        errors=sum(answer.status != 200 for answer in answers),
    )


_PEOPLE = text("""
    INSERT INTO registration (id, code, meeting_id, status, name, email, language,
        participant_type, region_code, library_name, position, person_key, idempotency_key,
        request_hash)
    SELECT gen_random_uuid(), 'BENCH-' || lpad(number::text, 5, '0'), meeting.id, 'approved',
        'Peserta Contoh ' || number, 'peserta@contoh.id', 'id', 'village_library', '21.01',
        'Perpustakaan Contoh', 'Pengelola', 'bench ' || number, 'bench ' || number, ''
    FROM meeting, generate_series(1, :people) AS number WHERE slug = :slug
    RETURNING code""")


def _people() -> list[str]:
    """Approved participants of one meeting; their codes."""
    from services.registration.resources import database

    with database.sessions.begin() as session:
        values = {"people": PEOPLE, "slug": SLUG}
        return list(session.execute(_PEOPLE, values).scalars())


def _days() -> tuple[str, ...]:
    from services.registration import meetings
    from services.registration.resources import database

    with database.sessions.begin() as session:
        meeting = meetings.find(session, SLUG)
    days = meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)
    return tuple(str(day) for day in days)


def _body(code: str, day: str) -> dict[str, Any]:
    return {"scans": [{"id": str(uuid4()), "code": code, "day": day, "at": AT}]}


def _scan(port: int, codes: list[str], day: str, token: str) -> tuple[list[Answer], float]:
    return post_all(port, [(PATH, _body(code, day)) for code in codes], CLIENTS, token=token)


def _successes(base_url: str, code: str, day: str, token: str) -> int:
    """How many of eight devices with one ticket are told to let somebody in."""
    start = threading.Barrier(CLIENTS)

    def device() -> str:
        with httpx.Client(base_url=base_url, timeout=30) as client:
            client.get("/health/live")  # the connection is there
            start.wait()
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.post(PATH, json=_body(code, day), headers=headers)
            return str(answer.json()["items"][0]["status"])

    with ThreadPoolExecutor(CLIENTS) as pool:
        statuses = Counter(pool.map(lambda _: device(), range(CLIENTS)))
    assert statuses["already"] == CLIENTS - statuses["checked_in"]
    return statuses["checked_in"]


_DOUBLED = text("""
    SELECT coalesce(sum(times - 1), 0) FROM (
        SELECT count(*) AS times FROM check_in JOIN meeting ON meeting.id = meeting_id
        WHERE slug = :slug AND undone_at IS NULL GROUP BY registration_id, day, session_id
        UNION ALL
        SELECT count(*) FROM outbox
        WHERE type = 'id.sejawat.attendance.changed.v1'
          AND envelope->'data'->>'meeting_slug' = :slug
        GROUP BY envelope->'data'->>'registration_id') AS counted""")


def _doubled() -> int:
    from services.registration.resources import database

    with database.sessions.begin() as session:
        return int(session.execute(_DOUBLED, {"slug": SLUG}).scalar_one())


def _database_limit(folder: Path, day: str) -> float:
    """Transactions per second of pgbench with our own statements, each for another person."""
    from services.registration.settings import settings

    script = folder / "checkin.sql"
    script.write_text(_script(day))
    url = make_url(settings().database_url).set(drivername="postgresql")
    command = [str(find_programs() / "pgbench"), "-n", "-c", str(CLIENTS), "-j", "1"]
    command += ["-T", str(PGBENCH_S), "-M", "prepared", "-f", str(script)]
    command.append(url.render_as_string(hide_password=False))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise RuntimeError(done.stderr[-2000:])
    return float(found[1])


def _script(day: str) -> str:
    from services.registration import meetings
    from services.registration.attendance_schemas import Scan
    from services.registration.checkins import _CHECK_IN, _values
    from services.registration.meetings import _FIND
    from services.registration.resources import database
    from shared.security import Caller

    with database.sessions.begin() as session:
        session.execute(text("CREATE SEQUENCE bench_person"))
        meeting = meetings.find(session, SLUG)
    scan = Scan.model_validate(_body("BENCH-00001", day)["scans"][0])
    caller = Caller("national", "Admin", "admin")
    values = _values(caller, meeting, [scan])
    one = json.loads(values["scans"])[0]
    one["envelope"] = json.dumps(json.loads(one["envelope"]))  # a space after each outer colon
    new = {
        "id": "gen_random_uuid()",
        "event_id": "gen_random_uuid()",
        "at": "now()",
        "code": "'BENCH-' || lpad(nextval('bench_person')::text, 5, '0')",
    }
    pairs = (f"'{name}', {new.get(name) or _literal(value)}" for name, value in one.items())
    filled = {name: _literal(value) for name, value in values.items()}
    filled |= {
        "slug": f"'{SLUG}'",
        "scans": f"jsonb_build_array(jsonb_build_object({', '.join(pairs)}))",
    }
    statements = (_FIND, _CHECK_IN)
    return "".join(f"{_filled(str(statement), filled)};\n" for statement in statements)


if __name__ == "__main__":
    run()
