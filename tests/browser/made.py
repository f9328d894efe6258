"""Where the walk of all pages starts, and what has to be made so that links lead everywhere."""

import re
from email.message import EmailMessage

import httpx
from browser.guests import MEETING, register
from deskwork import csv_sheet, row
from sites import Site, eventually, form_token
from walking import known, message, registered, report

HOST = "kepri@contoh.id"
REGISTRATION = "/registration"
EXAMPLE = "/registration/desk/plm-2022-21/certificates"
ID = "[0-9a-f]{8}-[0-9a-f-]{27}"
VILLAGE = "21.72.01.1001"


def made_for(site: Site, account: str) -> list[str]:
    """Where a visitor starts; the links of these pages and their pages lead to all others."""
    starts = {
        "": public_starts,
        HOST: host_starts,
        "nasional@contoh.id": lambda _: ["/registration/desk", "/registration/rounds"],
    }
    return starts[account](site)


def public_starts(site: Site) -> list[str]:
    """Pages for everybody, of which many are behind a link in a message."""
    guest = register(site, VILLAGE)
    return [
        "/",
        "/registration/sign-in",
        f"/registration/meetings/{MEETING}/register",
        f"/registration/meetings/{MEETING}/gallery",
        "/registration/links/sent",
        "/registration/certificates",
        guest.own,
        f"/registration/t/{guest.code}",
        first_link(site.signed_in(HOST), certificate(site), "/registration/c/"),
        password_link(site),
        code_page(site),
    ]


def host_starts(site: Site) -> list[str]:
    """The desk and what stands beside it, with something in every list."""
    host = site.signed_in(HOST)
    guest = register(site, VILLAGE)
    known(site)
    return [
        "/registration/desk",
        f"/registration/desk/{MEETING}",
        f"/registration/desk/{MEETING}/r/{guest.id}",
        certificate(site),
        sent(host, EXAMPLE, to=f"{EXAMPLE}/runs"),
        sent(host, f"/registration/meetings/{MEETING}/delegation", **delegation()),
        imported(host),
        *merge_pages(host),
        asked_about_data(site, guest.own),
        f"/reporting/reports/{ordered(host)}",
        f"/notifications/messages/{message(site)}",
        "/registration/privacy",
        revocable_token(host),
    ]
