"""What messages cost, over JSON; each official sees the region's."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from services.notifications import archive, costs
from services.notifications.console_schemas import Cost, CostList, Months
from services.notifications.resources import Transaction
from shared.security import Staff

router = APIRouter(prefix="/api/v1/costs", tags=["costs"])


@router.get("")
def list_costs(caller: Staff, session: Transaction, months: Annotated[Months, Query()]) -> CostList:
    """By month, channel, provider, rule and region; at most 24 months."""
    today = datetime.now(archive.CLOCK).date()
    found = costs.rows(session, caller, costs.span(months.first, months.last, today))
    return CostList(items=[Cost.model_validate(row) for row in found])
