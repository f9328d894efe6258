"""What every kind of report has: a state of the data, a number of rows, and a way to be written."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, text

from services.reporting import kpi
from services.reporting.aggregates import WITHIN
from services.reporting.documents.common import Footer
from services.reporting.pieces import Pieces
from services.reporting.report_periods import Span
from services.reporting.targets import RegionNotFound
from shared import regions
from shared.documents.common import Progress
from shared.security import Caller
from shared.web.formats import Language

COUNTRY = {"id": "Indonesia", "en": "Indonesia"}


@dataclass(frozen=True, slots=True)
class Work:
    """What a report writes: into `path`, so many rows as `total`, telling `progress` how far."""

    path: Path
    format: str
    total: int
    progress: Progress
    pieces: Pieces


class Content(Protocol):
    """A report's content within a scope, seen through one connection.

    `open` of each kind raises when what is asked for is out of scope. List and total agree as long
    as the connection is in one REPEATABLE READ transaction.
    """

    @property
    def total(self) -> int:
        """How many rows it has."""

    @property
    def watermark(self) -> str:
        """Changes exactly when what it is made from has changed."""

    def file_name(self, extension: str) -> str:
        """What a reader keeps it as."""

    def write(self, work: Work) -> int:
        """Write the file; the number of rows. Raises what `progress` raises."""


def footer(work: Work, watermark: str) -> Footer:
    """What the file says of itself at its end."""
    return Footer(work.total, watermark, datetime.now(UTC))


def place_name(code: str, language: Language) -> str:
    """A region's full name, or its code when it is not in our list; the country for no code."""
    if not code:
        return COUNTRY[language]
    region = regions.find(code)
    return region.label if region else code


def check_region(code: str, scope: Caller) -> None:
    """Raises `RegionNotFound` for a region that does not exist, or that `scope` does not see."""
    if (code and regions.find(code) is None) or not scope.may_see(code):
        raise RegionNotFound(code)


def zone_of(code: str) -> str:
    """WIB, WITA or WIT; the capital's for the country."""
    region = regions.find(code)
    return region.zone_abbreviation if region else "WIB"


# Exact, and of what is seen here and now: a highest id would miss what commits out of order.
_SUMS = text(f"""
    SELECT count(*) || '.' || coalesce(sum(CAST(hashtext(row::text) AS bigint)), 0)
    FROM regency_rollup AS row
    WHERE month BETWEEN :first AND :last AND {WITHIN.format(place="regency_code")}""")
_LIBRARY_SUMS = text(f"""
    SELECT count(*) || '.' || coalesce(sum(CAST(hashtext(row::text) AS bigint)), 0)
    FROM library_rollup AS row
    WHERE month BETWEEN :first AND :last AND {WITHIN.format(place="place_code")}""")
_LIBRARIES = text(f"""
    SELECT count(*) || '.' || coalesce(sum(version), 0) FROM library
    WHERE {WITHIN.format(place="region_code")}""")


def watermark_of_sums(connection: Connection, region: str, spans: tuple[Span, ...]) -> str:
    """The state of a region's libraries and of their sums, of all the periods as far as over."""
    values: dict[str, Any] = {
        "region": region,
        "first": min(span.first for span in spans),
        "last": max(span.last for span in spans),
    }
    sums = _LIBRARY_SUMS if len(region) > 2 else _SUMS
    parts = [connection.execute(query, values).scalar_one() for query in (_LIBRARIES, sums)]
    # A score is of whole months: the next one is new though nothing else is.
    whole = kpi.Period(values["first"], values["last"]).whole
    return "-".join([*parts, f"{whole:%Y%m}"])
