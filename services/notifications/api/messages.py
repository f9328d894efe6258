"""Messages over JSON, for officials; each sees those of the region."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session

from services.notifications import archive
from services.notifications.resources import database
from services.notifications.schemas import (
    AttemptDetail,
    Beginning,
    MessageDetail,
    MessageList,
    MessageSummary,
    State,
)
from shared.security import Staff

router = APIRouter(prefix="/api/v1/messages", tags=["messages"])

Transaction = Annotated[Session, Depends(database.transaction, scope="function")]


@router.get("")
def list_messages(
    caller: Staff,
    session: Transaction,
    recipient: Beginning = "",
    state: State | None = None,
    after: UUID | None = None,
) -> MessageList:
    """Newest first. `recipient` is the beginning of an address or a phone number."""
    rows, following = archive.page(session, caller, recipient=recipient, state=state, after=after)
    return MessageList(items=[MessageSummary.model_validate(row) for row in rows], next=following)


@router.get("/{message_id}")
def show_message(message_id: UUID, caller: Staff, session: Transaction) -> MessageDetail:
    """One message with its contents and all its tries."""
    message = archive.find(session, caller, message_id)
    contents = archive.seen_by_officials(message)
    return MessageDetail(
        **MessageSummary.model_validate(message).model_dump(exclude={"subject"}),
        subject=contents and contents.subject,
        event_id=message.event_id,
        template=message.template,
        provider_reference=message.provider_reference,
        handed_over_at=message.handed_over_at,
        traceparent=message.traceparent,
        text=contents and contents.text,
        html=contents and contents.html,
        history=[
            AttemptDetail.model_validate(attempt)
            for attempt in archive.attempts(session, message.id)
        ],
    )
