"""Photos and documents that prove a report: a form's until it is accepted, then the report's."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, get_args
from uuid import UUID

from PIL import Image
from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.reporting import library_links
from services.reporting.models import Activity, ActivityChange, Evidence, Library
from services.reporting.resources import evidence_files, evidence_links
from shared.security import BadLink, Caller
from shared.uploads import Kind, judge

Size = Literal["small", "medium", "large"]

MOST = 5  # of one report
ACCEPTED: tuple[Kind, ...] = ("photo", "pdf")
MEDIUM_PX = 960  # between the 480 and 1600 pixels of `shared.uploads`
LINK_S = 3600  # as long as a page stays open; a new page has new links
UNFINISHED = timedelta(days=2)
YOUNG = timedelta(hours=2)  # a file so young may belong to a row that is not committed yet


class TooMuchEvidence(Exception):
    """A report has `MOST` files at most."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was judged and lies in the store; no row names it yet."""

    name: str
    media_type: str
    size: int
    large: str
    medium: str | None
    small: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A file of a signed link."""

    path: Path
    media_type: str
    name: str


def receive(name: str, file: BinaryIO) -> Received:
    """Judge a file and put its sizes into the store; takes its time, so outside of a transaction.

    Raises `shared.uploads.Refused`.
    """
    judged = judge(file, kinds=ACCEPTED)
    photo = judged.kind == "photo"
    put = evidence_files.put
    return Received(
        name=_display_name(name, judged.extension),
        media_type=judged.media_type,
        size=len(judged.data),
        large=put(judged.data, judged.extension),
        medium=put(_medium(judged.data), judged.extension) if photo else None,
        small=put(judged.thumbnail, judged.extension) if photo else None,
    )


def add(
    session: Session, library_id: UUID, form_ref: UUID, received: Received, *, kept: int = 0
) -> None:
    """Give a form a file; the same file twice is one.

    `kept` files stay with the report that this form corrects. Raises `TooMuchEvidence`.
    """
    _hold(session, form_ref)
    here = of_form(session, library_id, form_ref)
    if any(one.large == received.large for one in here):
        return
    if kept + len(here) >= MOST:
        raise TooMuchEvidence
    one = Evidence(
        id=uuid7(),
        library_id=library_id,
        form_ref=form_ref,
        name=received.name,
        media_type=received.media_type,
        size=received.size,
        large=received.large,
        medium=received.medium,
        small=received.small,
    )
    session.add(one)
    session.flush()


def of_form(session: Session, library_id: UUID, form_ref: UUID) -> Sequence[Evidence]:
    """The files that a form holds by now, oldest first."""
    return _all(session, Evidence.form_ref == form_ref, Evidence.library_id == library_id)


def of(session: Session, activity_id: UUID) -> Sequence[Evidence]:
    """The files of a report, oldest first."""
    return _all(session, Evidence.activity_id == activity_id)


def drop(session: Session, library_id: UUID, form_ref: UUID, ids: Collection[UUID]) -> None:
    """Take files back from a form of this library; those of others and of reports stay."""
    here = (Evidence.library_id == library_id, Evidence.form_ref == form_ref)
    session.execute(delete(Evidence).where(*here, Evidence.id.in_(ids)))


def fit(session: Session, activity: Activity, form_ref: UUID, dropped: Collection[UUID]) -> None:
    """See that an edit leaves its report `MOST` files at most; no more come until it is over.

    The report must be locked. Raises `TooMuchEvidence`, before anything is changed.
    """
    _hold(session, form_ref)
    kept = {one.large for one in of(session, activity.id) if one.id not in dropped}
    brought = {one.large for one in of_form(session, activity.library_id, form_ref)}
    if brought - kept and len(kept | brought) > MOST:
        raise TooMuchEvidence


def change(session: Session, activity: Activity, form_ref: UUID, dropped: Collection[UUID]) -> None:
    """Let an edit take files from its report and bring others; its history tells their names."""
    before = [one.name for one in of(session, activity.id)]
    mine = (Evidence.activity_id == activity.id, Evidence.id.in_(dropped))
    session.execute(delete(Evidence).where(*mine))
    adopt(session, activity.library_id, form_ref, activity.id)
    after = [one.name for one in of(session, activity.id)]
    if before == after:
        return
    edited = session.scalars(
        select(ActivityChange).where(
            ActivityChange.activity_id == activity.id, ActivityChange.revision == activity.revision
        )
    ).one()
    edited.before = edited.before | {"evidence": before}
    edited.after = edited.after | {"evidence": after}


def adopt(session: Session, library_id: UUID, form_ref: UUID, activity_id: UUID) -> None:
    """What a form brought belongs to its report now; of a file that it has, there stays one."""
    forget_known(session, library_id, form_ref, activity_id)
    for one in of_form(session, library_id, form_ref):
        one.form_ref, one.activity_id = None, activity_id
    session.flush()


def forget_known(session: Session, library_id: UUID, form_ref: UUID, activity_id: UUID) -> None:
    """Take those files from a form that the report has already, as when it was sent twice."""
    known = [one.large for one in of(session, activity_id)]
    here = (Evidence.library_id == library_id, Evidence.form_ref == form_ref)
    session.execute(delete(Evidence).where(*here, Evidence.large.in_(known)))


def address(one: Evidence, size: Size) -> str:
    """A signed path to one size of a file, good for an hour; a document has but one size."""
    token = evidence_links.sign(json.dumps([str(one.id), size]), seconds=LINK_S)
    return f"/reporting/evidence/{token}"


def follow(session: Session, token: str, caller: Caller) -> Shown:
    """The file of a signed link. Raises `BadLink`.

    When somebody is signed in, the file must be of their region or library as well: that stops a
    link that was pasted into the wrong chat, not a thief.
    """
    evidence_id, size = json.loads(evidence_links.read(token))
    query = (
        select(Evidence, func.coalesce(Activity.place_code, Library.region_code))
        .join(Library, Library.id == Evidence.library_id)
        .outerjoin(Activity, Activity.id == Evidence.activity_id)
        .where(Evidence.id == UUID(evidence_id))
    )
    found = session.execute(query).first()
    if found is None or size not in get_args(Size):
        raise BadLink
    one, place_code = found
    if not (caller.is_anonymous or _may_see(session, caller, one, place_code)):
        raise BadLink
    stored = getattr(one, size) or one.large
    return Shown(evidence_files.path(stored), one.media_type, one.name)


def forget_unfinished(session: Session) -> int:
    """Delete the rows of forms that were never accepted; returns how many."""
    late = func.now() - UNFINISHED
    query = delete(Evidence).where(Evidence.form_ref.is_not(None), Evidence.created_at < late)
    return len(session.scalars(query.returning(Evidence.id)).all())


def sweep(session: Session) -> int:
    """Delete the files that no row names; returns how many."""
    named = set(session.scalars(_NAMED))
    loose = [name for name in evidence_files.names(older_than=YOUNG) if name not in named]
    return sum(evidence_files.delete(name, older_than=YOUNG) for name in loose)


_NAMED = text("""
    SELECT large FROM evidence UNION SELECT medium FROM evidence WHERE medium IS NOT NULL
    UNION SELECT small FROM evidence WHERE small IS NOT NULL""")


def _may_see(session: Session, caller: Caller, one: Evidence, place_code: str) -> bool:
    if not caller.library:
        return caller.may_see(place_code)
    mine = (UUID(caller.library), library_links.of_account(session, caller).id)
    return one.library_id in mine


def _hold(session: Session, form_ref: UUID) -> None:
    """Two posts of one form at once count one after the other."""
    session.execute(select(func.pg_advisory_xact_lock(form_ref.int % 2**63)))


def _all(session: Session, *conditions: ColumnElement[bool]) -> Sequence[Evidence]:
    return session.scalars(select(Evidence).where(*conditions).order_by(Evidence.id)).all()


def _medium(photo: bytes) -> bytes:
    out = BytesIO()
    with Image.open(BytesIO(photo)) as image:  # our own JPEG, so nothing in it can surprise
        image.thumbnail((MEDIUM_PX, MEDIUM_PX))
        image.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()


def _display_name(name: str, extension: str) -> str:
    """As its sender called it, on one line, ending as what it is."""
    stem = re.sub(r"[^\w .,()+-]+", " ", Path(name).stem).strip()[:80] or "bukti"
    return f"{stem}.{extension}"
