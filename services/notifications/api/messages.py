"""Messages over JSON, for officials; each sees those of the region."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from uuid_utils.compat import uuid7

from services.notifications import archive, handling, histories, jobs
from services.notifications.console_schemas import (
    Handled,
    MessageFilter,
    MessageSelection,
    Note,
    Repeated,
)
from services.notifications.resources import Transaction
from services.notifications.schemas import (
    ActionDetail,
    AttemptDetail,
    MessageDetail,
    MessageList,
    MessageSummary,
    ReceiptDetail,
)
from shared.security import Staff

router = APIRouter(prefix="/api/v1/messages", tags=["messages"])


class Wanted(MessageFilter):
    """Which messages are wanted, and after which of them the page begins."""

    after: UUID | None = None


@router.get("")
def list_messages(
    caller: Staff, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> MessageList:
    """Newest first; all conditions together."""
    rows, following = archive.page(session, caller, wanted, after=wanted.after)
    return MessageList(items=[MessageSummary.model_validate(row) for row in rows], next=following)


@router.get("/{message_id}")
def show_message(message_id: UUID, caller: Staff, session: Transaction) -> MessageDetail:
    """One message with its contents, all its tries and receipts, and what officials did with it."""
    message = archive.find(session, caller, message_id)
    contents = archive.seen_by_officials(message)
    same = set(MessageDetail.model_fields) - set(MessageSummary.model_fields)
    same -= {"text", "html", "history", "receipts", "actions"}
    return MessageDetail(
        **MessageSummary.model_validate(message).model_dump(exclude={"subject"}),
        **{name: getattr(message, name) for name in same},
        subject=contents and contents.subject,
        text=contents and contents.text,
        html=contents and contents.html,
        history=[
            AttemptDetail.model_validate(one) for one in histories.attempts(session, message_id)
        ],
        receipts=[
            ReceiptDetail.model_validate(one) for one in histories.receipts(session, message_id)
        ],
        actions=[
            ActionDetail.model_validate(one) for one in histories.actions(session, message_id)
        ],
    )


@router.post("/cancel")
def cancel_all(selection: MessageSelection, caller: Staff, session: Transaction) -> Handled:
    """Take what waits off the queue; at most 10,000 at once.

    409 with `found` when there are not as many as expected: then nothing is done.
    """
    done = handling.act_on_all(session, caller, "cancel", selection)
    return Handled(messages=len(done))


@router.post("/retry")
def retry_all(selection: MessageSelection, caller: Staff, session: Transaction) -> Handled:
    """Send again what did not arrive; one that is unknown may come twice.

    What has no use any more, or would be held back again, is left as it is. 409 as with cancel.
    """
    done = handling.act_on_all(session, caller, "retry", selection)
    jobs.ring(session, done)
    return Handled(messages=len(done))


@router.post("/{message_id}/cancel")
def cancel(message_id: UUID, wish: Note, caller: Staff, session: Transaction) -> Handled:
    """Take a message off the queue. 409 when it is there no more."""
    handling.act(session, caller, message_id, "cancel", wish.note)
    return Handled(messages=1)


@router.post("/{message_id}/retry")
def retry(message_id: UUID, wish: Note, caller: Staff, session: Transaction) -> Handled:
    """Send a message again that did not arrive; one that is unknown may come twice."""
    jobs.ring(session, [handling.act(session, caller, message_id, "retry", wish.note)])
    return Handled(messages=1)


@router.post("/{message_id}/replay", status_code=201)
def replay(
    message_id: UUID,
    wish: Note,
    caller: Staff,
    session: Transaction,
    idempotency_key: Annotated[UUID | None, Header()] = None,
) -> Repeated:
    """Send the same again to the same address, as a new message."""
    key = idempotency_key or uuid7()
    made, work_class = handling.replay(session, caller, message_id, key, wish)
    jobs.ring(session, [work_class])
    return Repeated(id=made)
