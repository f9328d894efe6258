"""Addresses that are not written to, over JSON; each official sees those of the region."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.notifications import suppressions
from services.notifications.console_schemas import (
    Channel,
    NewSuppression,
    SuppressionFilter,
    SuppressionList,
    SuppressionSummary,
)
from services.notifications.resources import Transaction
from services.notifications.schemas import Beginning, Held
from shared.security import Staff

router = APIRouter(prefix="/api/v1/suppressions", tags=["suppressions"])


class Wanted(SuppressionFilter):
    """Which addresses are wanted, and after which of them the page begins."""

    after: Held = ""


@router.get("")
def list_suppressions(
    caller: Staff, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> SuppressionList:
    """In the order of channel and address."""
    rows, following = suppressions.page(session, caller, wanted, after=wanted.after)
    items = [SuppressionSummary.model_validate(row) for row in rows]
    return SuppressionList(items=items, next=following)


@router.post("", status_code=201)
def add_suppression(
    wish: NewSuppression, caller: Staff, session: Transaction
) -> SuppressionSummary:
    """Hold an address back from now on. 409 when it is on the list already."""
    suppressions.add(session, caller, wish)
    found = suppressions.find(session, caller, wish.channel, wish.address)
    return SuppressionSummary.model_validate(found)


@router.delete("", status_code=204)
def remove_suppression(
    caller: Staff, session: Transaction, channel: Channel, address: Beginning
) -> None:
    """Write to an address again."""
    suppressions.remove(session, caller, channel, address)
