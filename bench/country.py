"""A believable country for measurements: libraries in real villages, 36 months of what they report.

Made in the database itself, from a seed, so that a million reports take seconds. Late ones, edits
and deletions are among them (`domain.md`, section 3; a tenth is edited, a fiftieth deleted).
"""

import json
import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared import regions

# To end 2025 2,396 supported villages and 3,237 that paid for themselves, beside 514 kab/kota.
LIBRARIES = 2396 + 3237
MONTHS = 36
FIRST = "2023-10-01"
CHUNK = 100_000

_LIBRARIES = text("""
    INSERT INTO library (id, version, name, name_key, kind, region_code, province_code,
        regency_code, village_code, expected_from)
    SELECT uuidv7(), 1, 'Perpustakaan Contoh ' || code,
        'perpustakaan contoh ' || replace(code, '.', ' '),
        CASE length(code) WHEN 13 THEN 'village' ELSE 'regency' END, code, left(code, 2),
        left(code, 5), CASE length(code) WHEN 13 THEN code END, :first
    FROM json_array_elements_text(CAST(:codes AS json)) AS made(code)""")

# Each library has its own diligence: the square makes some report much, and many little.
_REPORTS = text("""
    INSERT INTO activity (id, library_id, stream, day, month, title, category, fields,
        province_code, regency_code, place_code, stage, content_hash, source, submitted_by, people,
        male, female, adults, children)
    SELECT uuidv7(), library.id, stream, day, date_trunc('month', day), 'Kegiatan ' || n,
        CASE stream WHEN 'pelibatan' THEN
            (ARRAY['Pendidikan', 'Kesehatan', 'Inklusi Digital', 'Seni Budaya', 'Ekonomi',
                   'Pertanian', 'Olahraga', 'Lainnya'])[1 + n % 8] ELSE '' END,
        '{}', province_code, regency_code, region_code, n % 4, md5(n::text), 'import', 'contoh',
        people, people / 3, people - people / 3, people - people / 4, people / 4
    FROM (SELECT n, (ARRAY['pelibatan', 'pelibatan', 'pengunjung'])[1 + n % 3] AS stream,
              5 + CAST((CAST(n AS bigint) * 7919) % 60 AS int) AS people,
              CAST(:first AS date)
                  + CAST((CAST(n AS bigint) * 104729) % (:months * 30) AS int) AS day,
              CAST(floor(:libraries * power(random(), 2)) AS int) AS place
          FROM generate_series(CAST(:begins AS int), CAST(:ends AS int)) AS n) AS made
    JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM library) AS library
        ON library.place = made.place""")

_EDITS = text("""
    UPDATE activity SET people = people + 1, male = male + 1, revision = revision + 1
    WHERE get_byte(uuid_send(id), 15) % 10 = 0""")
_DELETIONS = text("""
    UPDATE activity SET deleted_at = now(), revision = revision + 1
    WHERE get_byte(uuid_send(id), 15) % 50 = 1""")


def libraries(session: Session, *, all_villages: bool) -> int:
    """Libraries in villages everywhere, or in each, and one in each kab/kota; how many."""
    chance = random.Random(21)  # noqa: S311 - the same country each time
    regencies = _below(_below([None]))
    villages = _below(_below(regencies))
    chosen = regencies + (villages if all_villages else chance.sample(villages, LIBRARIES))
    session.execute(_LIBRARIES, {"codes": json.dumps(chosen), "first": FIRST})
    return len(chosen)


def _below(codes: Sequence[str | None]) -> list[str]:
    return [region.code for code in codes for region in regions.children(code)]


def reports(session: Session, begins: int, ends: int, of: int) -> None:
    """Reports numbered from `begins` to `ends`, both included, of so many libraries."""
    values: dict[str, Any] = {"first": FIRST, "months": MONTHS, "libraries": of}
    session.execute(_REPORTS, values | {"begins": begins, "ends": ends})


def changes(session: Session) -> None:
    """What is edited and deleted afterwards."""
    session.execute(_EDITS)
    session.execute(_DELETIONS)
