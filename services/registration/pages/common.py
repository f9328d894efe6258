"""What the pages of this service share."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from services.registration import data_requests
from services.registration.resources import Transaction
from shared.security import HOSTS
from shared.web import Pages, read_form, read_upload_form

FILES = 24  # in one form: a letter, photos, and answers to questions that ask for a file

pages = Pages(Path(__file__).parents[1] / "templates")


async def typed(request: Request) -> FormData:
    """What was typed; the one asynchronous step, as the body arrives in pieces."""
    return await read_form(request)


async def typed_with_files(request: Request) -> FormData:
    """The same of a form that takes files."""
    return await read_upload_form(request, files=FILES)


def count_requests(request: Request, session: Transaction) -> None:
    """How many requests about data wait for a host, for pages that show it: `_desk_side.html`."""
    caller = request.state.caller
    if caller.role in HOSTS:
        request.state.data_requests = data_requests.waiting(session, caller)


Typed = Annotated[FormData, Depends(typed)]
TypedWithFiles = Annotated[FormData, Depends(typed_with_files)]
