"""What the pages of this service share."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from services.notifications.resources import forms
from shared.web import Pages, read_form

pages = Pages(Path(__file__).parents[1] / "templates")


async def typed(request: Request) -> FormData:
    """What was typed; the one asynchronous step, as the body arrives in pieces."""
    return await read_form(request)


Typed = Annotated[FormData, Depends(typed)]


def sent(data: Typed) -> FormData:
    """What was typed into a form of ours. Raises `BadLink` for one that stood open too long."""
    forms.form_id(str(data.get("form_token", "")))
    return data


Sent = Annotated[FormData, Depends(sent)]
