"""Files as SIM TPBIS gives them out, plainly made up, and how an import is brought to its end."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from reporting.libraries import KEPRI, NATIONAL
from rustpy_xlsxwriter import FastExcel
from sim_rows import sim_row
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.reporting import jobs, sim_files, sim_importing, sim_imports
from services.reporting.models import SimImport
from services.reporting.resources import database
from shared import regions
from shared.security import Caller

NEIGHBOUR = regions.children(regions.children("14.01")[0].code)[0].code

Rows = Sequence[Mapping[str, Any]]


def rows(count: int, **changes: Any) -> list[dict[str, Any]]:
    """So many activities."""
    return [sim_row(number, **changes) for number in range(count)]


def as_json(told: Rows) -> bytes:
    return json.dumps(told).encode()


def as_csv(told: Rows) -> bytes:
    out = io.StringIO(newline="")
    table = csv.DictWriter(out, list(told[0]), delimiter=";")
    table.writeheader()
    table.writerows(told)
    return out.getvalue().encode()


def as_xlsx(told: Rows) -> bytes:
    out = io.BytesIO()
    FastExcel(out).sheet("Data", [dict(one) for one in told]).save()
    return out.getvalue()


def as_gzip(told: Rows) -> bytes:
    return gzip.compress(as_json(told))


FORMS: dict[str, Callable[[Rows], bytes]] = {
    "json": as_json,
    "csv": as_csv,
    "xlsx": as_xlsx,
    "gzip": as_gzip,
}


def order(data: bytes, caller: Caller = KEPRI, **more: str) -> UUID:
    """Hand a file in."""
    made = uuid7()
    with database.sessions.begin() as session:
        stored = sim_files.keep(data)
        said = {"stream": ""} | more
        sim_imports.order(session, caller, made, stored=stored, file_name="contoh.json", **said)
    return made


def run(import_id: UUID, caller: Caller = KEPRI) -> SimImport:
    """Let workers do what there is to do, slice by slice; the import as it is then."""
    for _slice in range(20):
        jobs.run_imports()
        job = found(import_id, caller)
        if job.state not in {"reading", "taking", "undoing"}:
            break
    return job


def kill_workers() -> None:
    """As many as may die of one import: they claim it, and nothing is ever heard of them again."""
    for _ in range(sim_importing.ATTEMPTS):
        with database.sessions.begin() as session:
            assert sim_importing.claim(session)
        execute("UPDATE sim_import SET lease_until = now()")


def found(import_id: UUID, caller: Caller = KEPRI) -> SimImport:
    with database.sessions.begin() as session:
        return sim_imports.find(session, caller, import_id)


def read(data: bytes, caller: Caller = KEPRI, **more: str) -> SimImport:
    """Hand a file in, and bring it to its preview."""
    return run(order(data, caller, **more), caller)


def take(job: SimImport, *, twins: bool = False) -> SimImport:
    """Take over what is right, and let a worker do it."""
    with database.sessions.begin() as session:
        sim_imports.take(session, session.get_one(SimImport, job.id), twins=twins)
    return run(job.id, NATIONAL)


def counts(job: SimImport) -> Any:
    with database.sessions.begin() as session:
        return sim_imports.counts(session, job)


def told(job: SimImport) -> list[Any]:
    """Number, report, errors, notes and outcome of each row."""
    query = "SELECT number, report, errors, notes, outcome FROM sim_row WHERE import_id = :id"
    return execute(f"{query} ORDER BY number", id=job.id)


def errors(*wrong: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is wrong with each of these rows."""
    return [one.errors for one in told(read(as_json(wrong)))]


def execute(statement: str, **values: Any) -> list[Any]:
    with database.sessions.begin() as session:
        result = session.connection().execute(text(statement), values)
        return list(result.all()) if result.returns_rows else []


def activities(condition: str = "deleted_at IS NULL") -> int:
    """How many reports there are."""
    [[number]] = execute(f"SELECT count(*) FROM activity WHERE {condition}")
    return int(number)
