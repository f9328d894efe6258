"""Which library of ours a file means: pairs that are confirmed once, remembered, and taken back."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reporting import import_words, jobs, library_matching, sim_imports
from services.reporting.libraries import LibraryNotFound
from services.reporting.library_matching import NOT_OURS
from services.reporting.models import Library, SimImport, SimPlace
from services.reporting.pages.common import Typed, pages
from services.reporting.pages.verify_common import TypedLists
from services.reporting.resources import Transaction, bus, forms
from services.reporting.sim_imports import NotReady
from shared import regions
from shared.ids import to_uuid
from shared.security import BadLink, Caller, Staff
from shared.web import Form

router = APIRouter(prefix="/imports", include_in_schema=False)

Key = Annotated[str, Query(max_length=600)]
Words = Annotated[str, Query(max_length=100)]
ADDRESS = "/reporting/imports"
MATCHES = f"{ADDRESS}/matches"


@router.get("/matches")
def list_matches(  # noqa: PLR0913, PLR0917 - what a list is asked by
    request: Request,
    caller: Staff,
    session: Transaction,
    q: Words = "",
    after: Key = "",
    scope: Annotated[str, Query(max_length=13)] = "",
) -> Response:
    """What was confirmed about my region."""
    place = (after, scope) if after else None
    return _matches(request, session, caller, Form(), q, place)


@router.post("/matches")
def forget(request: Request, caller: Staff, session: Transaction, data: Typed) -> Response:
    """Take a confirmation back; what was taken over stays where it is."""
    try:
        forms.form_id(data.get("form_token", ""))
    except BadLink:
        form = _refused(request, "form-expired")
        return _matches(request, session, caller, form, "", None, 422)
    library_matching.forget(session, caller, data.get("key", ""), data.get("scope", ""))
    return RedirectResponse(f"{MATCHES}?forgotten=1", 303)


@router.get("/{import_id}/places")
def list_places(  # noqa: PLR0913, PLR0917 - what a list is asked by
    request: Request,
    import_id: UUID,
    caller: Staff,
    session: Transaction,
    state: str = "open",
    after: Key = "",
    key: Key = "",
    q: Words = "",
) -> Response:
    """Libraries as the file names them, each with whom may be meant; one of them to search for."""
    job = sim_imports.find(session, caller, import_id)
    if key:
        return _one(request, session, caller, job, key, q, Form())
    return _places(request, session, caller, job, state, after, Form())


@router.post("/{import_id}/places")
def decide(
    request: Request, import_id: UUID, caller: Staff, session: Transaction, data: TypedLists
) -> Response:
    """Keep what was chosen, for this file and all later ones."""
    job = sim_imports.find(session, caller, import_id)
    state = str(data.get("state", "open"))
    keys, choices = (list(map(str, data.getlist(name))) for name in ("key", "choice"))
    chosen = {key: choice for key, choice in zip(keys, choices, strict=False) if choice}
    code = 422
    try:
        forms.form_id(str(data.get("form_token", "")))
        if chosen:
            with session.begin_nested():  # of a page nothing is kept, or all
                _decide(session, caller, job, chosen)
            bus.wake(session, jobs.compare_imports)
            told = urlencode({"state": state, "n": len(chosen)})
            return RedirectResponse(f"{ADDRESS}/{import_id}/places?{told}", 303)
        refused = "nothing-chosen"
    except BadLink:
        refused = "form-expired"
    except LibraryNotFound:
        refused = "no-such-library"
    except NotReady:
        refused, code = "not-ready", 409
    return _places(request, session, caller, job, state, "", _refused(request, refused), code)


def _decide(session: Session, caller: Caller, job: SimImport, chosen: dict[str, str]) -> None:
    for key, choice in chosen.items():
        library_id = to_uuid(choice)
        if library_id is None and choice != NOT_OURS:
            raise LibraryNotFound(choice)
        sim_imports.decide(session, caller, job, key, library_id)


def _refused(request: Request, code: str) -> Form:
    return Form({}, {"": pages.gettext(request)(import_words.REFUSALS[code])})


def _places(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    job: SimImport,
    state: str,
    after: str,
    form: Form,
    code: int = 200,
) -> Response:
    state = state if state in import_words.PLACES else "open"
    places, following = library_matching.page(session, job, after, (state,))
    counted = sim_imports.place_counts(session, job)
    asked = state == "open" and job.state in {"ready", "done"}
    say = pages.gettext(request)
    number = request.query_params.get("n", "")
    shown: dict[str, Any] = {
        "candidates": {
            place.key: library_matching.candidates(session, caller, place) if asked else []
            for place in places
        },
        "told": say(import_words.DECIDED).format(n=number) if number.isdecimal() else "",
        "chips": [
            (f"?state={name}", f"{say(label)} ({counted[name]})", name == state)
            for name, (_, label) in import_words.PLACES.items()
            if name in counted
        ],
    }
    return pages.render(
        request,
        "import_places.html",
        code,
        job=job,
        places=places,
        rows=sim_imports.rows_by_place(session, job, [place.key for place in places]),
        libraries=_libraries(session, places),
        state=state,
        asked=asked,
        changeable=job.state in {"ready", "done"},
        words=import_words,
        region_of=regions.find,
        query=urlencode,
        form=form,
        token=forms.new_form(),
        next_url="?" + urlencode({"state": state, "after": following}) if following else "",
        first_url=f"?state={state}" if after else "",
        **shown,
    )


def _one(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    job: SimImport,
    key: str,
    q: str,
    form: Form,
) -> Response:
    place = library_matching.find(session, job, key)
    found = (
        library_matching.search(session, caller, q)
        if q
        else library_matching.candidates(session, caller, place)
    )
    return pages.render(
        request,
        "import_place.html",
        job=job,
        place=place,
        found=found,
        q=q,
        library=_libraries(session, [place]).get(place.library_id),
        changeable=job.state in {"ready", "done"},
        words=import_words,
        region_of=regions.find,
        form=form,
        token=forms.new_form(),
    )


def _matches(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    form: Form,
    q: str,
    after: tuple[str, str] | None,
    code: int = 200,
) -> Response:
    rows, following = library_matching.remembered_page(session, caller, q, after)
    kept = {"q": q} if q else {}
    say = pages.gettext(request)
    last = {"after": following[0], "scope": following[1]} if following else {}
    return pages.render(
        request,
        "import_matches.html",
        code,
        rows=[(match, library, library_matching.names(match.key)) for match, library in rows],
        q=q,
        told=say(import_words.FORGOTTEN) if request.query_params.get("forgotten") else "",
        form=form,
        token=forms.new_form(),
        next_url="?" + urlencode({**kept, **last}) if last else "",
        first_url="?" + urlencode(kept) if after else "",
    )


def _libraries(session: Session, places: list[SimPlace] | Any) -> dict[UUID | None, Library]:
    ids = {place.library_id for place in places if place.library_id}
    return {one.id: one for one in session.scalars(select(Library).where(Library.id.in_(ids)))}
