"""Regions that lie elsewhere from a day on: a village that moved to another kecamatan or province.

Its libraries follow, and its reports from that day on; what was before stays where it happened.
The triggers on the table of reports move the sums.
"""

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import and_, exists, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.reporting.models import Activity, Library, RegionMove
from shared import regions
from shared.security import within

CHUNK = 1000
PAGE = 40


class BadMove(ValueError):
    """No such move; the message is a key of `import_words.MOVES`."""


_DUE = text("""
    SELECT id, from_code, to_code, valid_from, actor FROM region_move
    WHERE finished_at IS NULL AND valid_from <= :today
    ORDER BY valid_from, id LIMIT 1 FOR UPDATE SKIP LOCKED""")

_PLACE = ":to || substr({0}, length(:from) + 1)"
_INSIDE = "({0} = :from OR {0} LIKE :from || '.%')"

# In one order, as an import holds many as well. Reports of theirs that come in right now end first.
_HOLD = text(f"""
    SELECT id FROM library WHERE {_INSIDE.format("region_code")} ORDER BY id FOR NO KEY UPDATE""")
_LIBRARIES = text(f"""
    UPDATE library SET region_code = {_PLACE.format("region_code")},
        province_code = left({_PLACE.format("region_code")}, 2),
        regency_code = left({_PLACE.format("region_code")}, 5),
        village_code = CASE WHEN village_code IS NULL THEN NULL
                            ELSE {_PLACE.format("region_code")} END
    WHERE {_INSIDE.format("region_code")}""")

_REPORTS = text(f"""
    WITH moved AS (
        UPDATE activity SET place_code = {_PLACE.format("place_code")},
            province_code = left({_PLACE.format("place_code")}, 2),
            regency_code = left({_PLACE.format("place_code")}, 5),
            revision = revision + 1, changed_at = now()
        WHERE id = ANY (ARRAY(
            SELECT id FROM activity
            WHERE regency_code LIKE left(:from, 5) || '%' AND {_INSIDE.format("place_code")}
              AND day >= :valid_from
            LIMIT :chunk))
        RETURNING id, revision, place_code
    )
    INSERT INTO activity_change (activity_id, revision, action, actor, role, before, after)
    SELECT id, revision, 'moved', :actor, 'national',
        jsonb_build_object('place_code',
            CAST(:from AS text) || substr(place_code, length(:to) + 1)),
        jsonb_build_object('place_code', place_code)
    FROM moved RETURNING id""")

_PROGRESS = text("""
    UPDATE region_move SET moved = moved + :moved,
        finished_at = CASE WHEN :over THEN now() END
    WHERE id = :id""")


def order(
    session: Session, actor: str, from_code: str, to_code: str, valid_from: date
) -> RegionMove:
    """Have a region moved, from its day on. Raises `BadMove`. `jobs` must be woken."""
    if regions.find(to_code) is None:
        raise BadMove("unknown-region")
    if not _is_code(from_code) or len(from_code) != len(to_code) or from_code == to_code:
        raise BadMove("not-alike")
    if len(from_code) < len("21.01.06"):
        raise BadMove("too-large")  # a province or kab/kota is summed by its code
    if not _was_there(session, from_code):
        raise BadMove("unknown-from")
    values = {"from_code": from_code, "to_code": to_code, "valid_from": valid_from}
    made = insert(RegionMove).values(**values, actor=actor).on_conflict_do_nothing()
    move = session.scalars(made.returning(RegionMove)).one_or_none()
    if move is None:
        raise BadMove("moved-already")
    return move


def work(session: Session, today: date) -> bool:
    """Move one chunk of the move that is due; whether there may be more.

    The row of the move is locked until the commit, so two workers never move the same.
    """
    due = session.execute(_DUE, {"today": today}).first()
    if due is None:
        return False
    values = {
        "from": due.from_code,
        "to": due.to_code,
        "valid_from": due.valid_from,
        "actor": due.actor,
        "chunk": CHUNK,
    }
    session.execute(_HOLD, values)
    session.execute(_LIBRARIES, values)  # first, so that what comes from now on lies right
    moved = len(session.execute(_REPORTS, values).all())
    session.execute(_PROGRESS, {"id": due.id, "moved": moved, "over": moved < CHUNK})
    return True


def moved(session: Session, today: date) -> Callable[[str], str]:
    """Where a region lies today, by a code that was right on whatever day.

    Moves are followed in their order, so one that was taken back ends where it began.
    """
    query = select(RegionMove).where(RegionMove.valid_from <= today)
    moves = session.scalars(query.order_by(RegionMove.valid_from, RegionMove.id)).all()

    def follow(code: str) -> str:
        for move in moves:
            if regions.is_within(code, move.from_code):
                code = move.to_code + code[len(move.from_code) :]
        return code

    return follow


def page(
    session: Session, words: str = "", after: int | None = None
) -> tuple[Sequence[RegionMove], int | None]:
    """The moves from or to codes with these words, newest first, and where the next page begins."""
    query = select(RegionMove)
    if words:
        codes = (RegionMove.from_code, RegionMove.to_code)
        query = query.where(or_(*(code.contains(words, autoescape=True) for code in codes)))
    if after:
        query = query.where(RegionMove.id < after)
    rows = session.scalars(query.order_by(RegionMove.id.desc()).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def _was_there(session: Session, code: str) -> bool:
    """A region of today's list, or one that is in it no more but has libraries or reports."""
    reports = and_(Activity.regency_code == code[:5], within(Activity.place_code, code))
    of_old = exists().where(within(Library.region_code, code)) | exists().where(reports)
    return regions.find(code) is not None or bool(session.scalar(select(of_old)))


def _is_code(code: str) -> bool:
    parts = code.split(".")
    widths = [2, 2, 2, 4][: len(parts)]
    return (
        len(parts) <= len(widths)
        and [len(part) if part.isdecimal() else 0 for part in parts] == widths
    )
