"""Where the walk of all pages starts, and what has to be made so that links lead everywhere."""

import json
import re
from email.message import EmailMessage

import httpx
from browser.guests import MEETING, approve, register
from callers import own_library
from deskwork import csv_sheet, row
from sim_rows import sim_row
from sites import Site, eventually, form_token
from things import activity, known, message, signed, story, webhook, webhook_delivery

HOST = "kepri@contoh.id"
LIBRARIAN = "pustaka@contoh.id"
ROUND = "/registration/rounds/plm-2027"
EXAMPLE = "/registration/desk/plm-2022-21/certificates"
ID = "[0-9a-f]{8}-[0-9a-f-]{27}"
VILLAGE = "21.72.01.1001"


def made_for(site: Site, account: str) -> list[str]:
    """Where a visitor starts; the links of these pages and their pages lead to all others."""
    if account == HOST:
        return host_starts(site)
    if account == LIBRARIAN:
        return ["/reporting/own", f"/reporting/own/activities/{activity(site)}/edit"]
    return national_starts(site) if account else public_starts(site)


def national_starts(site: Site) -> list[str]:
    """What the national office alone decides on."""
    return [
        "/registration/rounds",
        f"{ROUND}/publish",
        "/notifications/rules",
        "/reporting/moves",
        drafted(site.signed_in("nasional@contoh.id")),
    ]


def public_starts(site: Site) -> list[str]:
    """Pages for everybody, of which many are behind a link in a message."""
    guest, approved, peer = (register(site, VILLAGE) for _ in range(3))
    approve(site, approved, peer)
    form = f"/registration/meetings/{MEETING}/register"
    return [
        "/",
        "/registration/sign-in",
        "/registration/meetings/plm-2022-21",
        form,
        f"{form}?participant_type=village_library",
        f"/registration/meetings/{MEETING}/gallery",
        "/registration/links/sent",
        "/registration/certificates",
        "/reporting/open",
        "/reporting/rules",
        f"/reporting/stories/{story(site)}",
        guest.own,
        approved.own,
        f"/registration/t/{guest.code}",
        first_link(site.signed_in(HOST), certificate(site), "/registration/c/"),
        password_link(site),
        code_page(site),
        "/reporting/own/start",
        *own_pages(site),
        f"/notifications/preferences/{signed(site, 'preferences', 'tamu@contoh.id')}",
        f"/notifications/unsubscribe/{signed(site, 'unsubscribe', 'bulk tamu@contoh.id')}",
    ]


def host_starts(site: Site) -> list[str]:
    """The desk and what stands beside it, with something in every list."""
    host = site.signed_in(HOST)
    guest = register(site, VILLAGE)
    known(site)
    hook = webhook(site)
    return [
        "/registration/desk",
        f"/registration/desk/{MEETING}",
        draft(host),
        f"/registration/desk/{MEETING}/r/{guest.id}",
        f"/registration/desk/{MEETING}/all?action=reject",
        EXAMPLE,
        certificate(site),
        sent(host, EXAMPLE, to=f"{EXAMPLE}/runs"),
        sent(host, f"/registration/meetings/{MEETING}/delegation", **delegation()),
        imported(host),
        *sim_pages(host),
        *merge_pages(host),
        asked_about_data(site, guest.own),
        f"/reporting/reports/{ordered(host)}",
        f"/notifications/messages/{message(site)}",
        "/notifications/?recipient=jalan@contoh.id",  # to them it went
        revocable_token(host),
        *announcements(host),
        held_address(host),
        f"/reporting/own/links/{own_library(site)}",
        "/reporting/verify?state=all",
        sent(host, "/reporting/locks", month="2025-02"),
        "/reporting/dashboard?first=2025-02&last=2025-02",
        f"/notifications/webhooks/{hook}",
        f"/notifications/webhooks/{hook}/deliveries/{webhook_delivery(site)}",
    ]


def own_pages(site: Site) -> list[str]:
    """A library's pages behind the link that an official made, and one of its reports."""
    host, desk = site.signed_in(HOST), f"/reporting/own/links/{own_library(site)}"
    token = form_token(host.get(desk).text)
    made = host.post(desk, data={"form_token": token, "action": "make"}).text
    [link] = set(re.findall(r"/reporting/own/l/[\w.~-]+", made))
    return [link, f"{link}/activities/{activity(site)}/edit"]


def draft(host: httpx.Client) -> str:
    """The page that publishes a copy of the meeting."""
    page = f"/registration/meetings/{MEETING}/clone"
    made = sent(host, page, title="Salinan pertemuan (contoh)", first_day="2027-09-01")
    return made.partition("/edit")[0] + "/publish"


def announcements(host: httpx.Client) -> list[str]:
    """One that is still a draft, and one on its way."""
    form = "/notifications/announcements/new"
    text = {"subject": "Bahan pertemuan (contoh)", "body": "Unduh: https://contoh.id/bahan"}
    typed = {"kind": "participants", "channel_1": "email", "channel_2": "sms"} | text
    drafted, started = sent(host, form, **typed), sent(host, form, **typed)
    eventually(lambda: 'value="start"' in host.get(started).text, "it reaches somebody")
    return [drafted, sent(host, started, action="start", version="1")]


def drafted(office: httpx.Client) -> str:
    """A version of a template that is still a draft."""
    page = "/notifications/templates/registration_approved"
    return sent(office, page, to=f"{page}/draft", version="0")


def held_address(host: httpx.Client) -> str:
    """The list with one address on it that is not written to."""
    form = "/notifications/suppressions/new"
    sent(host, form, channel="email", address="henti@contoh.id", detail="Contoh")
    return "/notifications/suppressions"


def sent(client: httpx.Client, page: str, *, to: str = "", **fields: str) -> str:
    """Send a page's form; where it leads to."""
    token = form_token(client.get(page).text)
    answer = client.post(to or page, data=fields | {"form_token": token})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removeprefix(str(client.base_url).rstrip("/"))


def first_link(client: httpx.Client, page: str, begins: str) -> str:
    """The first link of a page that begins so."""
    found = re.search(rf'href="({re.escape(begins)}[^"]+)"', client.get(page).text)
    assert found, f"{page}: no link to {begins}"
    return found[1]


def certificate(site: Site) -> str:
    """The desk's page of one that holds."""
    return first_link(site.signed_in(HOST), f"{EXAMPLE}?q=Contoh+03", f"{EXAMPLE}/0")


def link_in(mails: list[EmailMessage], begins: str) -> str:
    """The path in the newest message that begins so, or nothing."""
    found = [
        path
        for mail in mails
        if (body := mail.get_body(("plain",)))
        for path in re.findall(rf"{begins}\S+", str(body.get_content()))
    ]
    return str(found[-1]) if found else ""


def password_link(site: Site) -> str:
    """Where somebody who asked for it chooses a password."""
    mentor = "mentor@contoh.id"
    sent(site.signed_in(mentor), "/registration/account", to="/registration/account/password")
    begins = "/registration/password/"
    return eventually(lambda: link_in(site.mails_to(mentor), begins), "the link for a password")


def code_page(site: Site) -> str:
    """Where somebody types the code that was sent."""
    return sent(site.client(), "/registration/sign-in/code", contact="mentor@contoh.id")


def delegation() -> dict[str, str]:
    """One person, registered by the host."""
    return {
        "rows": "1",
        "name-1": "Peserta Delegasi (contoh)",
        "participant_type-1": "village_library",
        "library_name-1": "Perpustakaan Delegasi (contoh)",
        "position-1": "Pengelola",
        "email-1": "peserta.delegasi@contoh.id",
        "region_code-1": VILLAGE,
        "consent": "yes",
    }


def imported(host: httpx.Client) -> str:
    """A sheet with a good row and a bad one, as soon as it is read."""
    page = f"/registration/desk/{MEETING}/imports"
    token = form_token(host.get(page).text)
    sheet = csv_sheet([row(region_code=VILLAGE), row(region_code="99.99")])
    answer = host.post(
        page,
        data={"form_token": token, "consent": "yes"},
        files={"file": ("peserta-contoh.csv", sheet, "text/csv")},
    )
    job = str(answer.headers["location"])
    eventually(lambda: f"{job}/rows" in host.get(job).text, "the sheet is read")
    return job


def sim_pages(host: httpx.Client) -> list[str]:
    """A file of the older system: read, matched with a library, and taken over."""
    page = "/reporting/imports"
    token = form_token(host.get(page).text)
    told = [sim_row(1), sim_row(1), sim_row(2), sim_row(tanggal="kemarin")]
    sheet = json.dumps(told).encode()
    answer = host.post(page, data={"form_token": token}, files={"file": ("contoh.json", sheet)})
    job = str(answer.headers["location"])
    eventually(lambda: f"{job}/places" in host.get(job).text, "the file is read")
    places = f"{job}/places"
    found = host.get(places).text
    keys, ids = (
        re.findall('name="key" value="([^"]+)"', found),
        re.findall(f'value="({ID})"', found),
    )
    if keys and ids:
        sent(host, places, key=keys[0], choice=ids[0])
    sent(host, job, action="take")
    eventually(lambda: f"{job}/undo" in host.get(job).text, "the file is taken over")
    return [page, job, f"{page}/matches", f"{places}?state=confirmed", f"{job}/undo"]


def merge_pages(host: httpx.Client) -> list[str]:
    """Two libraries side by side, and two people, as a list of duplicates would link them."""
    found = []
    for area in ("libraries", "people"):
        ids = list(dict.fromkeys(re.findall(rf"/{area}/({ID})", host.get(area_page(area)).text)))
        found.append(f"{area_page(area)}/merge?a={ids[0]}&b={ids[1]}")
    return found


def area_page(area: str) -> str:
    """The list of libraries, or of people."""
    return f"/registration/{area}"


def asked_about_data(site: Site, own: str) -> str:
    """What somebody asks for on the own page stands on the host's list."""
    note = "Nama saya kurang satu huruf."
    sent(site.client(), f"{own}/data/ask/correct", note=note)
    return "/registration/privacy"


def ordered(host: httpx.Client) -> str:
    """Id of a report that the host ordered."""
    page = f"/reporting/meetings/{MEETING}"
    fields = {"kind": "attendance_list", "format": "csv", "language": "id"}
    found = sent(host, page, to="/reporting/reports", meeting=MEETING, **fields)
    return found.rpartition("/")[2]


def revocable_token(host: httpx.Client) -> str:
    """The page that lists an API token of the host's."""
    page = "/registration/account/tokens/new"
    fields = {"name": "Program contoh", "scopes": "read", "days": "30"}
    answer = host.post(page, data=fields | {"form_token": form_token(host.get(page).text)})
    assert answer.status_code == 200, answer.text
    return "/registration/account"
