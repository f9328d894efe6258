"""The directory of libraries: the list, one library, adding and changing, and what is suggested."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import FormData

from services.registration import directory_words as words
from services.registration import jobs, libraries
from services.registration.directory_schemas import LibraryForm, odd_npp
from services.registration.libraries import (
    ChangedMeanwhile,
    LibraryExists,
    RegionNotYours,
    Sought,
)
from services.registration.models import Library
from services.registration.pages.common import Typed, pages
from services.registration.resources import Transaction, bus, database, forms
from services.registration.words import REFUSALS
from shared import regions
from shared.security import BadLink, Caller, Staff, staff
from shared.web import Form, chosen_region, region_lists
from shared.web.errors import explain_fields

LIST = "/registration/libraries"
FIELDS = tuple(LibraryForm.model_fields)

router = APIRouter(prefix="/libraries", dependencies=[Depends(staff)], include_in_schema=False)


class Wanted(BaseModel):
    """What the list is asked for, as it stands in the address."""

    q: str = Field("", max_length=100)
    kind: str = Field("", max_length=20)
    partner: str = Field("", max_length=20)
    region: str = Field("", max_length=13)
    after: UUID | None = None

    def url(self, **changed: Any) -> str:
        """The address of the list with something changed, from its first page."""
        names = {"q": self.q, "kind": self.kind, "partner": self.partner, "region": self.region}
        return "?" + urlencode({name: value for name, value in (names | changed).items() if value})


@router.get("")
def list_libraries(
    request: Request, caller: Staff, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """Libraries in the caller's region, with search and filters."""
    sought = Sought(wanted.q, wanted.kind, wanted.partner, wanted.region)
    rows, following = libraries.page(session, caller, sought, wanted.after)
    say = pages.gettext(request)
    return pages.render(
        request,
        "libraries.html",
        libraries=rows,
        words=words,
        where=where,
        wanted=wanted,
        filtered=wanted.url() != "?",
        places=_places(caller, wanted.region),
        kinds=[(code, say(label)) for code, label in words.KINDS.items()],
        partners=[(code, say(label)) for code, label in words.PARTNERS.items()],
        next_url=wanted.url(after=following) if following else "",
        first_url=wanted.url() if wanted.after else "",
    )


@router.get("/suggestions")
def list_suggestions(
    request: Request, caller: Staff, session: Transaction, after: UUID | None = None
) -> Response:
    """Institutions that registrations name and the directory does not have."""
    rows, following = libraries.suggestions(session, caller, after)
    return pages.render(
        request,
        "library_suggestions.html",
        rows=rows,
        where=where,
        next_url=f"?after={following}" if following else "",
        first_url="?" if after else "",
    )


@router.get("/new")
def show_new(
    request: Request,
    caller: Staff,
    session: Transaction,
    like: Annotated[UUID | None, Query(alias="from")] = None,
) -> Response:
    """An empty form, or one as a registration suggests it."""
    values = libraries.suggested(session, caller, like) if like else {}
    return _form(
        request,
        caller,
        Form({"region_code": caller.region_code, "partner_status": "none"} | values),
    )


@router.post("/new")
def add(request: Request, caller: Staff, data: Typed) -> Response:
    """Add a library, and let the registrations that name it find it."""
    values = _values(data, caller)
    if "choose_region" in data:  # "show the next list", without JavaScript
        return _form(request, caller, Form(values))
    try:
        form_id = forms.form_id(values.get("form_token", ""))
        form = LibraryForm.model_validate(_fields(values))
        with database.sessions.begin() as session:
            library = libraries.add(session, caller, form_id, form)
            bus.wake(session, jobs.keep_directory)
    except (ValidationError, BadLink, LibraryExists, RegionNotYours) as refusal:
        return _refused(request, caller, values, refusal)
    return RedirectResponse(f"{LIST}/{library.id}?done=created", 303)


@router.get("/{library_id}")
def show(request: Request, library_id: UUID, caller: Staff, session: Transaction) -> Response:
    """One library; one that was merged leads to the one that stayed."""
    library = libraries.find(session, caller, library_id)
    if library.merged_into:
        return RedirectResponse(f"{LIST}/{library.merged_into}", 303)
    return pages.render(
        request,
        "library.html",
        library=library,
        people=libraries.people(session, caller, library_id),
        meetings=libraries.meetings(session, caller, library_id),
        certificates=libraries.certificates(session, caller, library_id),
        words=words,
        where=where,
        done=request.query_params.get("done", ""),
        odd_npp=odd_npp(library.npp),
    )


@router.get("/{library_id}/edit")
def show_edit(request: Request, library_id: UUID, caller: Staff, session: Transaction) -> Response:
    """The form as the library stands."""
    library = libraries.find(session, caller, library_id)
    if library.merged_into:
        return RedirectResponse(f"{LIST}/{library.merged_into}", 303)
    values = {name: str(getattr(library, name) or "") for name in FIELDS}
    return _form(request, caller, Form(values | {"version": str(library.version)}), library=library)


@router.post("/{library_id}/edit")
def change(request: Request, library_id: UUID, caller: Staff, data: Typed) -> Response:
    """Change a library, unless somebody else did so meanwhile."""
    with database.sessions.begin() as session:
        library = libraries.find(session, caller, library_id)
    values = _values(data, caller)
    if "choose_region" in data:
        return _form(request, caller, Form(values), library=library)
    typed_version = values.get("version", "")
    version = int(typed_version) if typed_version.isdecimal() and len(typed_version) < 10 else 0
    try:
        forms.form_id(values.get("form_token", ""))
        form = LibraryForm.model_validate(_fields(values))
        with database.sessions.begin() as session:
            libraries.change(session, caller, library_id, form, version)
            bus.wake(session, jobs.keep_directory)
    except (ValidationError, BadLink, LibraryExists, RegionNotYours, ChangedMeanwhile) as refusal:
        return _refused(request, caller, values, refusal, library)
    return RedirectResponse(f"{LIST}/{library_id}?done=changed", 303)


def where(region_code: str) -> str:
    """A region with what is around it."""
    region = regions.find(region_code)
    return region.label if region else "Indonesia"


def _places(caller: Caller, chosen: str) -> list[tuple[str, str]]:
    """What to narrow the list to: provinces, or the kab/kota of one."""
    own = caller.region_code
    if len(own) > 2:
        return [(region.code, region.name) for region in regions.children(own)]
    around = own or chosen[:2]
    inside = [(region.code, region.name) for region in regions.children(around or None)]
    if own or not regions.find(around):
        return inside
    return [(around, regions.get(around).name), *inside]


def _values(data: FormData, caller: Caller) -> dict[str, str]:
    values = {name: value for name, value in data.items() if isinstance(value, str)}
    codes = [str(code) for code in data.getlist("region_code")]
    return values | {"region_code": chosen_region([caller.region_code, *codes])}


def _fields(values: dict[str, str]) -> dict[str, str]:
    return {name: values.get(name, "") for name in FIELDS}


def _refused(
    request: Request,
    caller: Caller,
    values: dict[str, str],
    refusal: Exception,
    library: Library | None = None,
) -> Response:
    say = pages.gettext(request)
    exists: UUID | None = None
    match refusal:
        case ValidationError():
            told = _told(refusal, say)
        case LibraryExists():
            told, exists = {"name": say(words.REFUSALS["exists"])}, refusal.library_id
        case RegionNotYours():
            told = {"region_code": say(words.REFUSALS["region-not-yours"])}
        case ChangedMeanwhile():
            told = {"": say(words.REFUSALS["changed"])}
        case _:
            told = {"": say(REFUSALS["form-expired"])}
    return _form(request, caller, Form(values, told), 422, library=library, exists=exists)


def _told(error: ValidationError, say: Callable[[str], str]) -> dict[str, str]:
    told = explain_fields(error.errors(), say)
    for name in told.keys() & words.REFUSALS.keys():
        if name != "name" or not error.errors()[0].get("input"):
            told[name] = say(words.REFUSALS[name])
    if told.pop("", None):
        told["region_code"] = say(words.REFUSALS["region-level"])
    return {name: told[name] for name in FIELDS if name in told}


def _form(  # noqa: PLR0913 - what the page may be told
    request: Request,
    caller: Caller,
    form: Form,
    status: int = 200,
    *,
    library: Library | None = None,
    exists: UUID | None = None,
) -> Response:
    say = pages.gettext(request)
    return pages.render(
        request,
        "library_form.html",
        status,
        form=form,
        library=library,
        exists=exists,
        kinds=[(code, say(label)) for code, label in words.KINDS.items()],
        partners=[(code, say(label)) for code, label in words.PARTNERS.items()],
        levels=region_lists(caller.region_code, form.values.get("region_code", ""), say),
        within=caller.region_code,
        token=forms.new_form(),
    )
