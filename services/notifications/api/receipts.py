"""Where gateways tell what became of messages. A signature decides, not who calls."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import PlainTextResponse

from services.notifications import jobs, receipts
from services.notifications.providers.callbacks import Callback
from services.notifications.resources import Transaction
from shared.security import Anyone

# Its shapes are those of the gateways.
router = APIRouter(prefix="/receipts", include_in_schema=False)

LARGEST = 256 * 1024  # bytes


async def received(request: Request) -> bytes:
    """The body as it came, which is what was signed; whatever it says it is, not too much of it."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise HTTPException(413)
    return body


@router.post("/{gateway}")
def take_receipts(
    request: Request,
    gateway: str,
    _caller: Anyone,
    body: Annotated[bytes, Depends(received)],
    session: Transaction,
    x_hub_signature_256: Annotated[str, Header(max_length=200)] = "",
) -> PlainTextResponse:
    """WhatsApp and Infobip. 200 also for what is known already; 403 for a wrong signature."""
    callback = Callback(request.query_params, body, x_hub_signature_256)
    heard = receipts.hear(session, gateway, callback)
    if heard.again:
        jobs.ring(session, heard.again)
    return PlainTextResponse("")


@router.get("/{gateway}")
def take_receipt(
    request: Request, gateway: str, _caller: Anyone, session: Transaction
) -> PlainTextResponse:
    """Kannel's receipts, and WhatsApp's question whether this address is ours."""
    answer = receipts.challenge(gateway, request.query_params)
    if answer is None:
        heard = receipts.hear(session, gateway, Callback(request.query_params))
        if heard.again:
            jobs.ring(session, heard.again)
    return PlainTextResponse(answer or "")
