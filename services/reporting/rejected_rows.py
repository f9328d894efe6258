"""The rejected rows of a file as a table that can be mended and handed in again."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting import import_words, sim_files
from services.reporting.documents.common import csv_text

BOM = "\ufeff"  # without it Excel reads UTF-8 as something else
_BAD = text("""
    SELECT number, errors FROM sim_row WHERE import_id = :id AND errors <> '{}' ORDER BY number""")

Say = Callable[[str], str]


def as_csv(session: Session, import_id: UUID, stored: str, say: Say) -> Iterator[bytes]:
    """All rejected rows: number, what is wrong, and every column as it was; a piece at a time.

    The file is read twice, as a column may come up in its last row.
    """
    columns: dict[str, None] = {}
    for _, _, row in _rejected(session, import_id, stored):
        columns |= dict.fromkeys(list(row)[: sim_files.MOST_COLUMNS])
        if len(columns) > sim_files.MOST_COLUMNS:
            break
    shown = list(columns)[: sim_files.MOST_COLUMNS]
    yield BOM.encode() + _line([say(import_words.ROW), say(import_words.REASON), *shown])
    for number, errors, row in _rejected(session, import_id, stored):
        yield _line([str(number), sentence(errors, say), *(_cell(row.get(at)) for at in shown)])


def sentence(errors: Mapping[str, str], say: Say) -> str:
    """What is wrong with a row, in words."""
    parts = [(column, say(import_words.ERRORS[code])) for column, code in errors.items()]
    return "; ".join(f"{column}: {reason}" if column else reason for column, reason in parts)


def _rejected(
    session: Session, import_id: UUID, stored: str
) -> Iterator[tuple[int, dict[str, str], Mapping[str, Any]]]:
    """Number, errors and the row itself; both lists are in the order of the file."""
    bad = iter(session.execute(_BAD, {"id": import_id}))
    waited = next(bad, None)
    for number, row in sim_files.rows(stored):
        if waited is None:
            return
        if number == waited.number:
            yield number, waited.errors, row
            waited = next(bad, None)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value if value is not None else "")


def _line(cells: list[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(map(csv_text, cells))
    return out.getvalue().encode()
