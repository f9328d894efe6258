"""What the pages of this service share."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from shared.web import Pages, read_form, read_upload_form

FILES = 24  # in one form: a letter, photos, and answers to questions that ask for a file

pages = Pages(Path(__file__).parents[1] / "templates")


async def typed(request: Request) -> FormData:
    """What was typed; the one asynchronous step, as the body arrives in pieces."""
    return await read_form(request)


async def typed_with_files(request: Request) -> FormData:
    """The same of a form that takes files."""
    return await read_upload_form(request, files=FILES)


Typed = Annotated[FormData, Depends(typed)]
TypedWithFiles = Annotated[FormData, Depends(typed_with_files)]
