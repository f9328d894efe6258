"""Regions that lie elsewhere from a day on, over JSON, for the national library."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.reporting import boundaries, import_words, jobs
from services.reporting.boundaries import BadMove
from services.reporting.import_schemas import MoveItem, MoveList, NewMove
from services.reporting.pages.common import pages
from services.reporting.resources import Transaction, bus
from shared.problems import Problem, Refusals
from shared.security import National

router = APIRouter(prefix="/api/v1/moves", tags=["moves"])


@router.get("")
def list_moves(
    _caller: National,
    session: Transaction,
    q: Annotated[str, Query(max_length=13, description="A part of either code")] = "",
    after: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> MoveList:
    """The moves, newest first, and how many reports each has moved."""
    rows, following = boundaries.page(session, q, after)
    return MoveList(items=[MoveItem.model_validate(row) for row in rows], next=following)


@router.post("", status_code=202)
def order(wish: NewMove, caller: National, session: Transaction) -> MoveItem:
    """Have a kecamatan or village moved from its day on, with its libraries and reports.

    Refusals: `unknown-region`, `not-alike`, `too-large`, `unknown-from` and `moved-already`, 422.
    """
    made = boundaries.order(session, caller.name, wish.from_code, wish.to_code, wish.valid_from)
    session.refresh(made)
    bus.wake(session, jobs.move_regions)
    return MoveItem.model_validate(made)


REFUSED: Refusals = {
    BadMove: lambda bad: Problem(422, str(bad), pages.bilingual(import_words.MOVES[str(bad)])),
}
