"""Impact stories for everybody to read: a list to search in, and a page of each that stays."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.reporting import published_stories
from services.reporting.pages.common import pages
from services.reporting.published_stories import Filters
from services.reporting.resources import Transaction
from services.reporting.streams import BIDANG
from shared import regions
from shared.security import Anyone
from shared.web import Form

router = APIRouter(prefix="/stories", include_in_schema=False)
ADDRESS = "/reporting/stories"
REGENCY = 5  # signs of its code; deeper nobody is told


@router.get("")
def list_stories(  # noqa: PLR0913, PLR0917 - what a list is asked by
    request: Request,
    _caller: Anyone,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    region: Annotated[str, Query(max_length=13)] = "",
    topic: Annotated[str, Query(max_length=40)] = "",
    after: UUID | None = None,
) -> Response:
    """Published stories by words, region and field, the newest first."""
    place = regions.find(region) if len(region) <= REGENCY else None
    filters = Filters(q, place.code if place else "", topic if topic in BIDANG else "")
    rows, following = published_stories.page(session, filters, after)
    kept = {"q": filters.q, "region": filters.region, "topic": filters.topic}
    said = {name: value for name, value in kept.items() if value}
    say = pages.gettext(request)
    provinces = [(one.code, one.name) for one in regions.children(None)]
    below = [(place.code, place.label)] if place and len(place.code) == REGENCY else []
    return pages.render(
        request,
        "stories.html",
        rows=rows,
        filtered=bool(said),
        form=Form(kept),
        provinces=[*below, *provinces],
        topics=[(name, say(label)) for name, label in BIDANG.items()],
        bidang=BIDANG,
        region_of=regions.find,
        next_url="?" + urlencode(said | {"after": str(following)}) if following else "",
        first_url="?" + urlencode(said) if after else "",
    )


@router.get("/{story_id}")
def show_story(request: Request, story_id: UUID, _caller: Anyone, session: Transaction) -> Response:
    """One story, at an address that stays for as long as it may be published."""
    story = published_stories.find(session, story_id)
    return pages.render(
        request,
        "story.html",
        story=story,
        bidang=BIDANG,
        region=regions.find(story.regency_code),
    )
