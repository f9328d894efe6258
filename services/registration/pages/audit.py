"""What happened in my region: the audit log."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from services.registration import account_words as words
from services.registration import audit
from services.registration.audit import Sought
from services.registration.models import AuditEntry
from services.registration.pages.common import pages
from services.registration.resources import database
from shared import regions
from shared.security import Caller, Host
from shared.web import Form

router = APIRouter(include_in_schema=False)

Transaction = Annotated[Session, Depends(database.transaction, scope="function")]
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]


class Wanted(BaseModel):
    """What the log is asked for, as it stands in the address."""

    noun: str = Field("", max_length=40)
    actor: str = Field("", max_length=100)
    first: Day = None
    last: Day = None
    after: Annotated[int, Field(ge=1, lt=2**63)] | None = None

    def url(self, after: int | None = None) -> str:
        """The address of the same question, from another page on."""
        asked = self.model_dump(mode="json", exclude={"after"}) | {"after": after}
        return "?" + urlencode({name: value for name, value in asked.items() if value})


@router.get("/audit")
def list_entries(
    request: Request, caller: Host, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """Who changed what, when, from what to what; newest first."""
    zone = _zone(caller)
    sought = Sought(wanted.noun, wanted.actor, wanted.first, wanted.last, zone)
    rows, following = audit.page(session, caller, sought, wanted.after)
    say = pages.gettext(request)
    values = {
        name: str(value or "") for name, value in wanted.model_dump(exclude={"after"}).items()
    }
    return pages.render(
        request,
        "audit.html",
        form=Form(values),
        entries=rows,
        differences={row.id: list(_differences(row)) for row in rows},
        words=words,
        nouns=[(noun, say(label)) for noun, label in words.NOUNS.items()],
        zone=zone,
        next_url=wanted.url(following) if following else "",
        first_url=wanted.url() if wanted.after else "",
        any_wanted=any(values.values()),
    )


def _zone(caller: Caller) -> str:
    region = regions.find(caller.region_code)
    return region.zone if region else "Asia/Jakarta"


def _differences(entry: AuditEntry) -> Iterator[tuple[str, str, str]]:
    """Field, what it was, what it is; empty where it was or is nothing."""
    before, after = entry.before or {}, entry.after or {}
    for name in before | after:
        yield name, _shown(before.get(name)), _shown(after.get(name))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_shown(item)}" for name, item in value.items())
    return "" if value is None else str(value)
