"""Names of libraries for a form's type-ahead."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.registration import libraries
from services.registration.directory_schemas import LibraryItem, LibraryList
from services.registration.resources import Transaction, limiter
from shared import regions
from shared.limits import Limit, client_address
from shared.security import anyone

# A person who types sends some ten questions for a name; a hall of them may share one address.
TYPED = Limit("library-names", 300, 60)

router = APIRouter(prefix="/api/v1/libraries", tags=["libraries"], dependencies=[Depends(anyone)])


@router.get("")
def search(
    request: Request,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    region: Annotated[str, Query(max_length=13, pattern=r"^[0-9.]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> LibraryList:
    """Libraries whose name has words that begin like those of `q` (two signs or more)."""
    limiter.guard(TYPED, client_address(request))
    rows = libraries.suggest(session, q, region, limit)
    return LibraryList(
        items=[
            LibraryItem(
                id=row.id,
                name=row.name,
                region_code=row.region_code,
                label=f"{row.name}, {regions.get(row.region_code).label}",
            )
            for row in rows
        ]
    )
