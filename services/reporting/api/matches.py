"""What libraries are called in SIM TPBIS, as somebody confirmed it once, over JSON.

A name is confirmed with the file that has it: `POST /api/v1/imports/{import_id}/places`.
"""

from typing import Annotated

from fastapi import APIRouter, Query

from services.reporting import library_matching
from services.reporting.import_schemas import MatchItem, MatchList
from services.reporting.resources import Transaction
from shared.security import Staff

router = APIRouter(prefix="/api/v1/library-matches", tags=["imports"])
Key = Annotated[str, Query(max_length=600)]
Scope = Annotated[str, Query(max_length=13)]


@router.get("")
def list_matches(
    caller: Staff,
    session: Transaction,
    q: Annotated[str, Query(max_length=100, description="A part of the name or region")] = "",
    after: Annotated[str, Query(max_length=620)] = "",
) -> MatchList:
    """What was confirmed about the caller's region, by name."""
    scope, _, key = after.partition("|")
    last = (key, scope) if key else None
    rows, following = library_matching.remembered_page(session, caller, q, last)
    items = []
    for match, library in rows:
        name, place = library_matching.names(match.key)
        items.append(
            MatchItem(
                key=match.key,
                scope=match.scope,
                name=name,
                place=place,
                library_id=library.id if library else None,
                library=library.name if library else None,
                actor=match.actor,
                decided_at=match.decided_at,
            )
        )
    return MatchList(items=items, next=f"{following[1]}|{following[0]}" if following else None)


@router.delete("", status_code=204)
def forget(caller: Staff, session: Transaction, key: Key, scope: Scope = "") -> None:
    """Take a confirmation back: the next file asks again. What was taken over stays."""
    library_matching.forget(session, caller, key, scope)
