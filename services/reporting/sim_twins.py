"""What one file says twice: rows that are equal, and activities of one library, day and title.

The second and each later one is pointed out, and left out unless somebody wants it: "13 entered
twice" was found in the older system itself (`domain.md`, section 2). That reports are likely here
already, from elsewhere, is told by `sim_known`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting.sim_streams import Parsed

# A row that was taken earlier stays what it is, and may be verified by now.
LEFT_OUT = """
    notes ?| ARRAY['same-row', 'twin'] AND known IS NOT TRUE AND NOT notes ? 'verified-now'
    AND status <> 'not_ours'"""

# By the batch: a whole file joined with itself is one row joined with one for a planner that has
# not seen this file yet, and took a minute for 12,000 rows.
_EQUAL = text("""
    SELECT content, count(*) FROM sim_row
    WHERE import_id = :id AND content = ANY (CAST(:keys AS uuid[])) AND errors = '{}'
    GROUP BY content""")
_ALIKE = text("""
    SELECT twin, count(*) FROM sim_row
    WHERE import_id = :id AND twin = ANY (CAST(:keys AS uuid[])) AND errors = '{}'
    GROUP BY twin""")


@dataclass(frozen=True, slots=True)
class Nth:
    """How many good rows of the file said the same, and how many much the same, with this one."""

    content: UUID
    twin: UUID
    equal: int = 1
    alike: int = 1

    @property
    def notes(self) -> dict[str, str]:
        """What is to be looked at."""
        if self.equal > 1:
            return {"same-row": ""}
        return {"twin": ""} if self.alike > 1 else {}


def count(session: Session, import_id: UUID, parsed: Sequence[Parsed]) -> list[Nth]:
    """Of each of the next rows of a file, the how manieth it is; one with errors is none."""
    contents, twins = [one.content for one in parsed], [one.twin for one in parsed]
    equal: Counter[UUID] = Counter(
        dict(session.execute(_EQUAL, {"id": import_id, "keys": contents}).all())
    )
    alike: Counter[UUID] = Counter(
        dict(session.execute(_ALIKE, {"id": import_id, "keys": twins}).all())
    )
    told = []
    for one, content, twin in zip(parsed, contents, twins, strict=True):
        if one.errors:
            told.append(Nth(content, twin))
            continue
        equal[content] += 1
        alike[twin] += 1
        told.append(Nth(content, twin, equal[content], alike[twin]))
    return told
