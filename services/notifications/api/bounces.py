"""Where a mail server or provider tells of mails that came back, and of complaints."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from pydantic import ValidationError

from services.notifications import bounces, jobs
from services.notifications.api.receipts import received
from services.notifications.console_schemas import BounceReport, BounceTaken
from services.notifications.resources import Transaction
from services.notifications.settings import settings
from shared.security import Anyone

router = APIRouter(tags=["bounces"])


@router.post("/bounces")
def take_bounce(
    request: Request,
    _caller: Anyone,
    body: Annotated[bytes, Depends(received)],
    session: Transaction,
    x_sejawat_signature: Annotated[str, Header(max_length=200)] = "",
) -> BounceTaken:
    """A report as JSON (`BounceReport`), or the returned mail itself as `message/rfc822`.

    `X-Sejawat-Signature: sha256=<hex>` is HMAC-SHA-256 of the body with BOUNCE_SECRET. 404 where
    there is no such secret, 403 for a wrong signature, 422 for what is no report.
    """
    secret = settings().bounce_secret
    if not secret:
        raise HTTPException(404)
    if not bounces.is_signed(secret, body, x_sejawat_signature):
        raise HTTPException(403)
    report = _read(request.headers.get("content-type", ""), body)
    if report is None:
        raise HTTPException(422)
    taken = bounces.take(session, report, signed=True)
    if taken.ring:
        jobs.ring(session, [taken.ring])
    return BounceTaken(outcome=taken.outcome)


def _read(content_type: str, body: bytes) -> BounceReport | None:
    if content_type.partition(";")[0].strip().lower() == "message/rfc822":
        return bounces.read_mail(body)
    try:
        return BounceReport.model_validate_json(body)
    except ValidationError:
        return None
