"""How many registrations a second the JSON form takes, against what the database alone can do.

`pgbench` runs the same two statements (the meeting, then seats + registration + consent + event) on
the same database in the same run, with as many clients. Figures at 8 and at 32 clients: `rps`,
`p95_ms`, and `ratio_to_database_limit` at 32; `oversold` counts seats taken beyond a quota.
"""

import json
import random
import re
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import make_url, text

from bench.laboratory import percentile, print_figures
from bench.load import post_all
from bench.site import BenchSite
from shared import regions
from shared.local.postgres import find_programs

REQUESTS = 4_000
PGBENCH_S = 8
WORKERS = 2


def run() -> None:
    """Measure, and print one JSON object."""
    with BenchSite(workers=WORKERS) as site:
        _open_meetings()
        _post(site.port, 500, 8, "warm")
        eight = _post(site.port, REQUESTS, 8, "eight")
        many = _post(site.port, REQUESTS, 32, "many")
        limit = _database_limit(site.folder, 32)
        oversold = _oversold()
    print_figures(
        "register",
        rps_8=round(eight["rps"]),
        p95_ms_8=eight["p95_ms"],
        rps=round(many["rps"]),
        p95_ms=many["p95_ms"],
        database_limit=round(limit),
        ratio_to_database_limit=round(many["rps"] / limit, 3),
        errors=eight["errors"] + many["errors"],
        oversold=oversold,
    )


def _open_meetings() -> None:
    """38 meetings with more seats than we ask for: what is measured is the taking, not the no."""
    from services.registration.resources import database
    from services.registration.rounds import RoundPlan, open_round

    plan = RoundPlan("bench", date(2030, 1, 8), 5, 10**6, {"village_library": 10**6}, 10**6)
    with database.sessions.begin() as session:
        open_round(session, plan, regions.children(None))


def _person(province: str, number: int, run_name: str) -> dict[str, Any]:
    regency = random.choice(regions.children(province))  # noqa: S311 - only spreads the load
    village = regions.children(regions.children(regency.code)[0].code)[0]
    return {
        "name": f"Peserta Contoh {number}",
        "email": f"{run_name}{number}@contoh.id",
        "participant_type": "village_library",
        "region_code": village.code,
        "library_name": f"Perpustakaan {village.name}",
        "position": "Pengelola perpustakaan",
        "consent": True,
    }


def _post(port: int, count: int, clients: int, run_name: str) -> dict[str, Any]:
    provinces = [region.code for region in regions.children(None)]
    posts = [
        (
            f"/registration/api/v1/meetings/bench-{province}/registrations",
            _person(province, number, run_name),
        )
        for number in range(count)
        for province in [provinces[number % len(provinces)]]
    ]
    answers, seconds = post_all(port, posts, clients)
    times = [answer.seconds for answer in answers]
    return {
        "rps": count / seconds,
        "p95_ms": round(percentile(times, 95) * 1000, 1),
        "errors": sum(answer.status != 201 for answer in answers),
    }


def _database_limit(folder: Path, clients: int) -> float:
    """Transactions per second of pgbench with our own statements, one script per province."""
    from services.registration.meetings import _FIND
    from services.registration.registrations import _SUBMIT
    from services.registration.settings import settings

    scripts = []
    for province in regions.children(None):
        script = folder / f"{province.code}.sql"
        values = _literals(province.code)
        script.write_text(f"{_filled(str(_FIND), values)};\n{_filled(str(_SUBMIT), values)};\n")
        scripts += ["-f", str(script)]
    url = make_url(settings().database_url).set(drivername="postgresql")
    command = [str(find_programs() / "pgbench"), "-n", "-c", str(clients), "-j", "1"]
    command += ["-T", str(PGBENCH_S), "-M", "prepared", *scripts]
    command.append(url.render_as_string(hide_password=False))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise RuntimeError(done.stderr[-2000:])
    return float(found[1])


def _literals(province: str) -> dict[str, str]:
    from services.registration import meetings
    from services.registration.registrations import BY_FORM, _values
    from services.registration.resources import database
    from services.registration.schemas import RegistrationForm

    with database.sessions.begin() as session:
        meeting = meetings.find(session, f"bench-{province}")
    form = RegistrationForm.model_validate(_person(province, 1, "pgbench"))
    fixed = {"slug": meeting.slug} | _values(meeting, form, "pgbench", BY_FORM)
    for name in ("needs", "answers", "booth", "submitted", "waiting"):
        fixed[name] = json.dumps(json.loads(str(fixed[name])))  # a space after each outer colon
    quoted = {name: _literal(value) for name, value in fixed.items()}
    uuids = dict.fromkeys(("id", "event_id"), "gen_random_uuid()")
    texts = dict.fromkeys(("key", "code", "person_key"), "gen_random_uuid()::text")
    return quoted | uuids | texts | {"submitted_at": "now()"}


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(_literal, value))}]"
    quoted = str(value).replace("'", "''")
    # pgbench takes `:word` for a variable, also inside a string; this is how JSON spells a colon.
    return "'" + re.sub(r":(?=[^\s])", r"\\u003a", quoted) + "'"


def _filled(statement: str, values: dict[str, str]) -> str:
    filled = re.sub(r"(?<![:\w]):(\w+)", lambda match: values[match[1]], statement)
    return " ".join(filled.split())


def _oversold() -> int:
    from services.registration.resources import database

    with database.sessions.begin() as session:
        over = text("SELECT coalesce(sum(greatest(taken - capacity, 0)), 0) FROM quota")
        return int(session.execute(over).scalar_one())


if __name__ == "__main__":
    run()
