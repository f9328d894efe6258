"""Entries of the directory that may be one: the list, two side by side, and the merge."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.registration import directory_words as words
from services.registration import merging
from services.registration.merging import AlreadyMerged, Noun
from services.registration.pages.common import Typed, pages
from services.registration.pages.libraries import where
from services.registration.resources import Transaction, forms
from services.registration.words import REFUSALS
from shared.ids import to_uuid
from shared.security import BadLink, Caller, Staff, staff

AREAS: dict[str, Noun] = {"libraries": "library", "people": "person"}

router = APIRouter(dependencies=[Depends(staff)], include_in_schema=False)


def _duplicates(area: str) -> Callable[..., Response]:
    def show(request: Request, caller: Staff, session: Transaction) -> Response:
        """Pairs that may be one."""
        pairs = merging.candidates(session, caller, AREAS[area])
        done = request.query_params.get("done", "")
        return _list(request, area, pairs, done=done)

    return show


def _compare(area: str) -> Callable[..., Response]:
    def show(  # noqa: PLR0913, PLR0917 - what FastAPI hands in
        request: Request,
        caller: Staff,
        session: Transaction,
        a: UUID,
        b: UUID,
        keep: UUID | None = None,
    ) -> Response:
        """Two side by side; with `keep`, what will move before it does."""
        try:
            pair = merging.both(session, caller, AREAS[area], (a, b))
        except AlreadyMerged:
            return _merged(request, session, caller, area)
        if keep == b:
            pair = pair[1], pair[0]
        return _page(request, session, area, pair, confirm=keep in {a, b})

    return show


def _merge(area: str) -> Callable[..., Response]:
    def merge(request: Request, caller: Staff, session: Transaction, data: Typed) -> Response:
        """Merge, once; whoever comes second is told so."""
        say = pages.gettext(request)
        noun = AREAS[area]
        nobody = UUID(int=0)
        keep, drop = (to_uuid(data.get(name)) or nobody for name in ("keep", "drop"))
        try:
            forms.form_id(str(data.get("form_token", "")))
            merging.merge(session, caller, noun, keep, drop)
        except BadLink:
            pair = merging.both(session, caller, noun, (keep, drop))
            told = say(REFUSALS["form-expired"])
            return _page(request, session, area, pair, confirm=True, refused=told)
        except AlreadyMerged:
            return _merged(request, session, caller, area)
        return RedirectResponse(f"/registration/{area}/duplicates?done=merged", 303)

    return merge


for _area in AREAS:
    router.add_api_route(f"/{_area}/duplicates", _duplicates(_area), methods=["GET"])
    router.add_api_route(f"/{_area}/merge", _compare(_area), methods=["GET"])
    router.add_api_route(f"/{_area}/merge", _merge(_area), methods=["POST"])


def _merged(request: Request, session: Session, caller: Caller, area: str) -> Response:
    pairs = merging.candidates(session, caller, AREAS[area])
    return _list(request, area, pairs, status=409, refused=words.REFUSALS["merged"])


def _list(
    request: Request, area: str, pairs: list[Any], status: int = 200, **told: str
) -> Response:
    return pages.render(
        request,
        "duplicates.html",
        status,
        area=area,
        pairs=pairs,
        most=merging.MOST,
        words=words,
        where=where,
        done=told.get("done", ""),
        refused=told.get("refused", ""),
    )


def _page(  # noqa: PLR0913 - what the page is told
    request: Request,
    session: Session,
    area: str,
    pair: tuple[Any, Any],
    *,
    confirm: bool,
    refused: str = "",
) -> Response:
    noun = AREAS[area]
    return pages.render(
        request,
        "merge.html",
        422 if refused else 200,
        area=area,
        entries=[(entry, merging.references(session, noun, entry.id)) for entry in pair],
        filled=list(merging.filled(noun, *pair)),
        confirm=confirm,
        refused=refused,
        words=words,
        where=where,
        token=forms.new_form(),
    )
