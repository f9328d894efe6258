"""How the ways out and the queues are doing, and what to do when something is red."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.notifications import health, jobs, words
from services.notifications.pages.common import Sent, pages
from services.notifications.resources import Transaction, forms
from services.notifications.rules import CLASSES
from shared.security import National, Staff

LIST = "/notifications/providers"

router = APIRouter(prefix="/providers", include_in_schema=False)


@router.get("")
def show(request: Request, caller: Staff, session: Transaction) -> Response:
    """Everything on one page."""
    queues, sung = health.queues(session), health.canaries(session)
    unknown, asked = health.lately_unknown(session, caller)
    return pages.render(
        request,
        "providers.html",
        ways=health.ways_out(session),
        queues=queues,
        others={name: age for name, age in sung.items() if name not in CLASSES},
        unknown=unknown,
        unknown_url=f"/notifications/?{urlencode(asked.asked())}",
        late_canary=health.CANARY_OLD_S,
        span=_span,
        words=words,
        may_try=caller.role == "national",
        token=forms.new_form(),
        done=request.query_params.get("done", ""),
    )


@router.post("/{name}/try")
def try_now(name: str, caller: National, _sent: Sent, session: Transaction) -> Response:
    """Use a way out again before its pause is over."""
    health.try_now(session, caller, name)
    jobs.ring(session, CLASSES)
    return RedirectResponse(f"{LIST}?done=try", 303)


def _span(seconds: float) -> tuple[int, str]:
    """A duration as a person says it: how many, of what."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return round(seconds / size), unit
    return round(seconds), "seconds"
