"""What the pages of this service share."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from shared.web import Pages, read_form

pages = Pages(Path(__file__).parents[1] / "templates")


async def typed(request: Request) -> dict[str, str]:
    """What was typed; the one asynchronous step, as the body arrives in pieces."""
    data = await read_form(request)
    return {name: value for name, value in data.items() if isinstance(value, str)}


Typed = Annotated[dict[str, str], Depends(typed)]
