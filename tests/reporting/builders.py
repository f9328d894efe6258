"""The example meeting and its people as registration tells them, and officials who ask for it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import anyio
import httpx
from builders import meeting_facts, participant

from services.reporting import jobs
from services.reporting.app import standalone
from services.reporting.resources import bus
from shared import regions
from shared.bus.envelope import seal
from shared.bus.inbox import Copy
from shared.events import (
    Event,
    MeetingFacts,
    Participant,
    ParticipantType,
    RegistrationFacts,
    RegistrationImported,
    RegistrationStatus,
    RegistrationSubmitted,
)
from shared.security import Caller, issue_token
from shared.tracing import new_traceparent

EXAMPLE = "plm-2022-21"
# Without Kepulauan Anambas (21.05), which sent nobody.
REGENCIES = ("21.01", "21.02", "21.03", "21.04", "21.71", "21.72")

NATIONAL = Caller("national", "Petugas Nasional (contoh)", "national")
KEPRI = Caller("province", "Petugas Kepri (contoh)", "kepri", "21")
BINTAN = Caller("regency", "PIC Bintan (contoh)", "bintan", "21.01")
RIAU = Caller("province", "Petugas Riau (contoh)", "riau", "14")
LIBRARY = Caller("library", "Perpustakaan (contoh)", "library", "21.01.06.2001")

Format = Literal["pdf", "xlsx", "csv"]


def meeting(slug: str = EXAMPLE, version: int = 1, **other: Any) -> MeetingFacts:
    """The example meeting of August 2022."""
    return meeting_facts(slug=slug, version=version, **other)


def person(name: str, region_code: str, kind: ParticipantType = "village_library") -> Participant:
    """Somebody who does not exist."""
    return participant(name=name, region_code=region_code, participant_type=kind)


def imported(somebody: Participant, facts: MeetingFacts | None = None) -> RegistrationImported:
    """Somebody from the paper list."""
    return RegistrationImported(
        registration_id=uuid4(),
        code="KEPRI-CONTOH",
        submitted_at=datetime(2022, 7, 20, tzinfo=UTC),
        meeting=facts or meeting(),
        participant=somebody,
    )


def submitted(somebody: Participant, facts: MeetingFacts | None = None) -> RegistrationSubmitted:
    """Somebody who filled in the form."""
    fields = dict(imported(somebody, facts))
    return RegistrationSubmitted(**fields, own_link="http://127.0.0.1/registration/r/token")


def facts_of(
    first: RegistrationSubmitted, version: int, status: RegistrationStatus, **changes: Any
) -> RegistrationFacts:
    """A registration after a change, also of what was written in it."""
    somebody = first.participant.model_copy(update=changes)
    return RegistrationFacts(
        registration_id=first.registration_id,
        code=first.code,
        version=version,
        status=status,
        meeting=first.meeting,
        participant=somebody,
        own_link=first.own_link,
    )


def example_people() -> list[RegistrationImported]:
    """The fifteen of the example: two of the province's own library, thirteen from villages."""
    events = []
    for number in range(1, 16):
        regency = REGENCIES[number % len(REGENCIES)]
        village = regions.children(regions.children(regency)[0].code)[0]
        somebody = (
            person(f"Peserta Contoh {number:02}", "21", "province_library")
            if number <= 2
            else person(f"Peserta Contoh {number:02}", village.code)
        )
        events.append(imported(somebody))
    return events


def crowd(count: int) -> list[RegistrationImported]:
    """A meeting as large as none was yet."""
    return [
        imported(person(f"Peserta {number:05}", REGENCIES[number % len(REGENCIES)]))
        for number in range(count)
    ]


def copies(events: Iterable[Event]) -> list[Copy]:
    """The events as the relay would send them; each call makes new envelopes."""
    sealed = [seal("registration", event, new_traceparent()) for event in events]
    return [Copy(str(item.id), 0, 1, item.type, item.model_dump_json()) for item in sealed]


def tell(*events: Event) -> None:
    """Let registration's events arrive."""
    bus.inbox.deliver("registration", copies(events))


class Office:
    """Somebody at a desk: asks the service over HTTP, signed in or not."""

    private_key = ""

    def __init__(self, caller: Caller | None = None) -> None:
        self.headers = {"accept-language": "id"}
        if caller is not None:
            token = issue_token(self.private_key, caller, seconds=60)
            self.headers["authorization"] = f"Bearer {token}"

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("POST", path, **more)

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(standalone, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(
                    method, path, headers=self.headers | (headers or {}), **more
                )

        return anyio.run(answer)

    def order(self, form: str = "pdf", slug: str = EXAMPLE, **more: Any) -> httpx.Response:
        """Order an attendance list."""
        params = {"meeting": slug} | more.pop("params", {})
        body = {"kind": "attendance_list", "format": form, "params": params}
        return self.post("/reporting/api/v1/reports", json=body, **more)

    def report(self, form: str = "pdf", **more: Any) -> dict[str, Any]:
        """Order an attendance list, and have it made here and now."""
        location = self.order(form, **more).headers["location"]
        jobs.make_reports()
        told: dict[str, Any] = self.get(location).json()
        return told
