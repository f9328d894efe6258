"""Every page, as a phone and as a desk, in both languages, by following links from page to page.

Nothing serious for axe, nothing wider than the screen, no link that leads nowhere.
"""

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from browser.made import made_for
from browsing import DESK, PHONE, OpenPage, barriers, first_load, fits
from playwright.sync_api import Browser, Page, Response
from sites import Site
from walking import OPEN, SERVICES, Step, steps

MEETING = "/registration/meetings/plm-2027-21"
PUBLIC = [
    "/",
    "/registration/",
    MEETING,
    f"{MEETING}/register",
    f"{MEETING}/register?participant_type=village_library",
    "/registration/certificates",
    "/registration/links",
    "/registration/sign-in",
]
# What a browser saves or shows by itself, or what only leads on.
NO_PAGE = re.compile(
    r"/api/|\.(pdf|ics|xlsx|json|\{extension\})$|/(photos|uploads|files)/|/renew$|/telling$"
)
VISITORS = {"": "everybody", "kepri@contoh.id": "province", "nasional@contoh.id": "national"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("account", VISITORS, ids=VISITORS.values())
def test_no_page_has_a_barrier_or_a_dead_link(
    open_page: OpenPage, site: Site, account: str
) -> None:
    starts = made_for(site, account)
    page = open_page(starts[0], account=account)
    wanted = {step.name for step in pages_of(account)}
    walked = set()
    faults: list[str] = []
    waiting = deque(starts)
    while waiting:
        address = waiting.popleft()
        step = page_at(address)
        if step is None or step.name not in wanted or step.name in walked:
            if step is None:
                faults.append(f"{address}: there is no such page")
            continue
        walked.add(step.name)
        faults += look(page, address)
        waiting += links(page, site)
    assert faults == []
    assert wanted - walked == set(), "no link leads there: say in made.py how one gets there"
