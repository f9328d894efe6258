"""Regions to choose from, for type-ahead."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from services.registration.schemas import RegionItem, RegionList
from shared import regions
from shared.security import anyone

router = APIRouter(prefix="/api/v1/regions", tags=["regions"], dependencies=[Depends(anyone)])

Code = Annotated[str | None, Query(max_length=13)]


@router.get("")
def search(
    q: Annotated[str, Query(max_length=100)] = "",
    within: Code = None,
    parent: Code = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> RegionList:
    """By any part of a name, or by code (`q`, optionally `within` a region); or a `parent`'s."""
    # A picker that is bound to no region says so with an empty one.
    found = regions.search(q, within=within or None, limit=limit) if q else regions.children(parent)
    return RegionList(items=[_item(region) for region in found])


@router.get("/{code}")
def show(code: Annotated[str, Path(max_length=13)]) -> RegionItem:
    """The region that has this code."""
    region = regions.find(code)
    if region is None:
        raise HTTPException(404)
    return _item(region)


def _item(region: regions.Region) -> RegionItem:
    return RegionItem(code=region.code, name=region.name, label=region.label, kind=region.kind)
