"""Whose page it is: every page of a library is reached by its account, or by a signed link."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from services.reporting import library_links, own_reports, own_words
from services.reporting.activities import Sender
from services.reporting.evidence import MOST
from services.reporting.models import Library
from services.reporting.pages.common import pages
from services.reporting.resources import database
from shared import regions
from shared.security import BadLink, Caller, anyone, libraries
from shared.web import read_upload_form
from shared.web.pages import NOT_STORED

Handler = Callable[..., Response]


class OwnLinkOver(Exception):
    """The link to a library's own page is forged, over or revoked."""


@dataclass(frozen=True, slots=True)
class Own:
    """A library on its own page, and who reports for it. `address` is where its pages begin."""

    library: Library
    sender: Sender
    address: str

    @property
    def zone(self) -> str:
        """Of its province, as an IANA key."""
        return regions.get(self.library.province_code).zone

    @property
    def today(self) -> date:
        """The day that it is there."""
        return own_reports.today(self.library)


def opened(request: Request) -> Own:
    """The library of the link in the path, or of the account. Raises `OwnLinkOver`."""
    token = request.path_params.get("token", "")
    caller: Caller = request.state.caller
    with database.sessions.begin() as session:
        if not token:
            library = library_links.of_account(session, caller)
            return Own(library, Sender(caller.name, "library"), "/reporting/own")
        try:
            library = library_links.follow(session, token)
        except BadLink as error:
            raise OwnLinkOver from error
        return Own(library, Sender(library.name, "library"), f"/reporting/own/l/{token}")


async def typed_with_files(request: Request) -> FormData:
    """What was typed, and files of evidence."""
    return await read_upload_form(request, files=2 * MOST)


Opened = Annotated[Own, Depends(opened)]
TypedWithFiles = Annotated[FormData, Depends(typed_with_files)]


def own_page(router: APIRouter, path: str, *methods: str) -> Callable[[Handler], Handler]:
    """Serve a page below `/own` for accounts, and below `/own/l/{token}` for links."""

    def add(handler: Handler) -> Handler:
        for prefix, permission in (("/own", libraries), ("/own/l/{token}", anyone)):
            router.add_api_route(
                prefix + path,
                handler,
                methods=list(methods or ("GET",)),
                dependencies=[Depends(permission)],
                include_in_schema=False,
            )
        return handler

    return add


def render(request: Request, own: Own, template: str, status: int = 200, **shown: Any) -> Response:
    """A page of the library, which no cache keeps."""
    page = pages.render(request, template, status, own=own, words=own_words, **shown)
    page.headers["Cache-Control"] = NOT_STORED
    return page


def link_over(request: Request, _error: Exception) -> Response:
    """404 for a link that opens nothing any more, with how else to get in."""
    return pages.render(request, "own_link_over.html", 404)
