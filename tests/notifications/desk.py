"""What the tests of the console do again and again: sign officials in, and send forms."""

import re
from typing import Any

import httpx
from notifications.mailroom import Mailroom

from services.notifications.resources import forms
from shared.security import Caller, Role, issue_token

BINTAN, KARIMUN, JATENG = "21.01.01.2001", "21.02.01.2001", "33.01.01.2001"


def signed_in(mailroom: Mailroom, url: str, role: Role, region_code: str = "") -> httpx.Client:
    """Somebody of this role and region, against a running application."""
    who = Caller(role, "Petugas Contoh", "petugas", region_code)
    token = issue_token(mailroom.private_key, who, seconds=600)
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})


def send(client: httpx.Client, path: str, **fields: Any) -> httpx.Response:
    """A form of ours, with a token of its own."""
    return client.post(path, data={"form_token": forms.new_form()} | fields)


def errors(page: httpx.Response) -> str:
    """What stands in the summary of errors."""
    found = re.search(r'class="error-summary".*?</ul>', page.text, re.DOTALL)
    return found[0] if found else ""
