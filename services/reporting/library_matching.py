"""Which library of ours a file means: by region and name, confirmed once where it is not sure.

What somebody confirmed is kept in `library_match` under the names that the file used, for all later
files. Only libraries in the scope of the import are found.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.reporting import libraries
from services.reporting.models import Library, LibraryMatch, SimImport, SimPlace
from services.reporting.sim_streams import REGIONS, Place
from shared import regions
from shared.names import likeness, plain_name
from shared.security import Caller, in_scope

NOT_OURS = "not_ours"
PAGE = 20  # places with their candidates
CANDIDATES = 6
VILLAGE = 4  # levels of a region
REGENCY = 2
_GENERIC = frozenset(
    (
        *("perpustakaan", "perpus", "taman", "bacaan", "masyarakat", "tbm", "umum", "daerah"),
        *("dinas", "desa", "kelurahan", "kel", "kabupaten", "kab", "kota"),
    )
)
_TITLES = frozenset(
    (
        *("provinsi", "prov", "kabupaten", "kab", "kota", "kecamatan", "kec", "kelurahan"),
        *("kel", "desa", "administrasi", "adm", "daerah", "istimewa", "khusus", "ibukota"),
        *("di", "dki"),
    )
)


class NoSuchPlace(LookupError):
    """The file names no library so."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A library that may be meant."""

    id: UUID
    name: str
    region_code: str


def region_of(names: Mapping[str, str]) -> str:
    """The deepest region that the names tell for certain; empty when not even the province."""
    code = ""
    for level, name in enumerate(REGIONS, 1):
        named = names.get(name)
        if not named:
            continue
        found = _named(level, code).get(_bare(named), ())
        kind = _kind(named)
        fitting = [one for one in found if not kind or regions.get(one).kind == kind] or found
        if len(fitting) != 1:
            break
        code = fitting[0]
    return code


def match(session: Session, job: SimImport, places: Iterable[tuple[Place, str]]) -> list[SimPlace]:
    """Say of each place, named by a row of a stream, which library it is, if that is certain."""
    waiting = {place.key: (place, stream, region_of(place.regions)) for place, stream in places}
    remembered = _remembered(session, job, waiting)
    near = _near(session, job, {code for _, _, code in waiting.values()})
    found = []
    for key, (place, stream, code) in waiting.items():
        made = SimPlace(
            import_id=job.id,
            key=key,
            name=place.library,
            place=", ".join(place.regions.get(level, "–") for level in reversed(REGIONS)),
            region_code=code,
            status="open",
        )
        if key in remembered:
            made.library_id = remembered[key]
            made.status = "remembered" if made.library_id else NOT_OURS
        elif sure := _sure(place, stream, code, near.get(code[:5], ())):
            made.library_id, made.status = sure, "sure"
        found.append(made)
    return found


def outside(job_scope: str, code: str) -> bool:
    """Whether a region lies neither in the scope nor around it."""
    return bool(code and job_scope) and not (
        regions.is_within(code, job_scope) or regions.is_within(job_scope, code)
    )


def candidates(session: Session, caller: Caller, place: SimPlace) -> list[Candidate]:
    """Libraries that may be meant, the likeliest first: those around, by likeness of the name."""
    mine = select(Library).where(Library.active, in_scope(Library.region_code, caller))
    around = place.region_code[:5] if place.region_code else ""
    if around:
        mine = mine.where(Library.region_code.like(f"{around}%"))
    else:
        mine = mine.where(Library.name_key == plain_name(place.name))
    wanted = _core(plain_name(place.name))

    def rank(library: Library) -> tuple[bool, float]:
        inside = regions.is_within(library.region_code, place.region_code)
        return inside, likeness(wanted, _core(library.name_key))

    ranked = sorted(session.scalars(mine.limit(2000)), key=rank, reverse=True)
    return [Candidate(one.id, one.name, one.region_code) for one in ranked[:CANDIDATES]]


def search(session: Session, caller: Caller, words: str) -> list[Candidate]:
    """Libraries of the caller's region whose name has these words, by name."""
    query = select(Library).where(Library.active, in_scope(Library.region_code, caller))
    for word in plain_name(words).split()[:6]:
        query = query.where(Library.name_key.contains(word, autoescape=True))
    found = session.scalars(query.order_by(Library.name_key, Library.id).limit(PAGE))
    return [Candidate(one.id, one.name, one.region_code) for one in found]


def find(session: Session, job: SimImport, key: str) -> SimPlace:
    """A library as the file names it. Raises `NoSuchPlace`."""
    place = session.get(SimPlace, (job.id, key))
    if place is None:
        raise NoSuchPlace(key)
    return place


def page(
    session: Session, job: SimImport, after: str = "", status: Collection[str] = ("open",)
) -> tuple[Sequence[SimPlace], str]:
    """Places of a file by their names, and the key after which the next page begins."""
    query = select(SimPlace).where(
        SimPlace.import_id == job.id, SimPlace.status.in_(status), SimPlace.key > after
    )
    rows = list(session.scalars(query.order_by(SimPlace.key).limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].key if len(rows) > PAGE else ""


def confirm(
    session: Session, caller: Caller, job: SimImport, key: str, library_id: UUID | None
) -> None:
    """Say once whose a name is; None means that it is not ours.

    Raises `NoSuchPlace`, and `libraries.LibraryNotFound` for a library of another region.
    """
    place = find(session, job, key)
    if library_id:
        libraries.find(session, caller, library_id)
    place.library_id = library_id
    place.status = "confirmed" if library_id else NOT_OURS
    session.execute(_LOOK_AGAIN, {"id": job.id, "key": key})
    certain = place.region_code and caller.may_see(place.region_code)
    values = {
        "library_id": library_id,
        "region_code": place.region_code,
        "actor": caller.name,
        "decided_at": func.now(),
    }
    kept = insert(LibraryMatch).values(
        key=key, scope="" if certain or caller.role == "national" else caller.region_code, **values
    )
    session.execute(kept.on_conflict_do_update(index_elements=["key", "scope"], set_=values))


_LOOK_AGAIN = text("""
    UPDATE sim_row SET outcome = ''
    WHERE import_id = :id AND place_key = :key AND outcome = 'not_ours'""")


def remembered_page(
    session: Session, caller: Caller, words: str = "", after: tuple[str, str] | None = None
) -> tuple[list[tuple[LibraryMatch, Library | None]], tuple[str, str] | None]:
    """What was confirmed about the caller's region, by key and scope, and the last of the page."""
    query = (
        select(LibraryMatch, Library)
        .outerjoin(Library, Library.id == LibraryMatch.library_id)
        .where(_may_forget(caller))
    )
    if words:
        query = query.where(LibraryMatch.key.contains(plain_name(words), autoescape=True))
    if after:
        query = query.where(tuple_(LibraryMatch.key, LibraryMatch.scope) > after)
    query = query.order_by(LibraryMatch.key, LibraryMatch.scope).limit(PAGE + 1)
    rows: list[tuple[LibraryMatch, Library | None]]
    rows = [(row[0], row[1]) for row in session.execute(query)]
    last = rows[PAGE - 1][0] if len(rows) > PAGE else None
    return rows[:PAGE], (last.key, last.scope) if last else None


def names(key: str) -> tuple[str, str]:
    """The library and its place as they were written, without case and accents."""
    *place, library = key.split("|")
    return library or "–", ", ".join(name for name in reversed(place) if name)


def forget(session: Session, caller: Caller, key: str, scope: str) -> None:
    """Take a confirmation back: the next file asks again. Raises `NoSuchPlace`."""
    gone = delete(LibraryMatch).where(
        LibraryMatch.key == key, LibraryMatch.scope == scope, _may_forget(caller)
    )
    if session.execute(gone.returning(LibraryMatch.key)).first() is None:
        raise NoSuchPlace(key)


def _may_forget(caller: Caller) -> ColumnElement[bool]:
    own = LibraryMatch.scope == (caller.region_code or "-")
    return or_(in_scope(LibraryMatch.region_code, caller), own)


_REMEMBERED = text("""
    SELECT DISTINCT ON (key) key, coalesce(library.merged_into, library.id) AS library_id
    FROM library_match LEFT JOIN library ON library.id = library_match.library_id
    WHERE key = ANY (CAST(:keys AS text[])) AND scope IN ('', :scope)
      AND (library.id IS NULL OR :scope = '' OR library.region_code = :scope
           OR library.region_code LIKE :scope || '.%')
    ORDER BY key, scope DESC""")


def _remembered(session: Session, job: SimImport, keys: Collection[str]) -> dict[str, UUID | None]:
    values = {"keys": sorted(keys), "scope": job.region_code}
    return {row.key: row.library_id for row in session.execute(_REMEMBERED, values)}


def _near(
    session: Session, job: SimImport, codes: Collection[str]
) -> dict[str, tuple[Library, ...]]:
    """Libraries that report, by kab/kota."""
    wanted = sorted({code[:5] for code in codes if len(code) >= 5})
    caller = Caller(job.role, region_code=job.region_code)  # type: ignore[arg-type]
    query = select(Library).where(
        Library.active, Library.regency_code.in_(wanted), in_scope(Library.region_code, caller)
    )
    found: dict[str, list[Library]] = {}
    for library in session.scalars(query):
        found.setdefault(library.regency_code, []).append(library)
    return {code: tuple(some) for code, some in found.items()}


def _sure(place: Place, stream: str, code: str, near: Iterable[Library]) -> UUID | None:
    """The one library that is meant without a doubt."""
    inside = [one for one in near if regions.is_within(one.region_code, code)]
    if stream == "replikasi" and not place.library:
        of_regency = [one for one in inside if one.kind == "regency"]
        return of_regency[0].id if len(of_regency) == 1 else None
    name = plain_name(place.library)
    same = [one for one in inside if one.name_key == name]
    if not same and regions.level_of(code) == VILLAGE:
        same = [one for one in inside if _core(one.name_key) == _core(name) != ""]
    return same[0].id if name and len(same) == 1 else None


def _core(plain: str) -> str:
    """Without what every library is called."""
    return " ".join(word for word in plain.split() if word not in _GENERIC)


@lru_cache(maxsize=4096)
def _bare(name: str) -> str:
    words = plain_name(name).split()
    while len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    return "".join(words)


@lru_cache(maxsize=4096)
def _kind(name: str) -> str:
    first = plain_name(name).partition(" ")[0]
    return {"kota": "kota", "kab": "kabupaten", "kabupaten": "kabupaten"}.get(first, "")


@lru_cache(maxsize=1024)
def _named(level: int, within: str) -> dict[str, tuple[str, ...]]:
    """Codes of a level by name; of villages only below a kab/kota, as names come again."""
    if level > REGENCY and len(within) < 5:
        return {}
    codes = [within or None]
    for _step in range(level - regions.level_of(within)):
        codes = [child.code for code in codes for child in regions.children(code)]
    found: dict[str, tuple[str, ...]] = {}
    for code in filter(None, codes):
        name = _bare(regions.get(code).name)
        found[name] = (*found.get(name, ()), code)
    return found
