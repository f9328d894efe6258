"""Mails that came back (RFC 3464), and those that somebody called unwanted (ARF, RFC 5965).

A report is believed when it names one of our mails by its Message-ID or envelope id, which only
its reader and the servers on its way have seen, or when it is signed by who may tell us. All else
changes nothing.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Mail
from email.parser import BytesParser, HeaderParser
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notifications import messages, suppressions
from services.notifications.console_schemas import BounceReport

log = structlog.get_logger()

MAIL_LIMIT = 1024 * 1024  # bytes; what is returned with the report may be cut off after it
DETAIL = 500  # characters
PROVIDER = "bounces"  # under which reports stand among the receipts

Outcome = Literal["bounced", "noted", "complaint", "repeated", "unknown"]

_ID = re.compile(r"\b([0-9a-f]{32})\b")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
# Of RFC 3463, what says that the address is no use. A full mailbox, a policy, or a host that is
# away says nothing about it: when a blocklist refuses us, nobody's address must be given up.
_ADDRESS_DEAD = re.compile(r"5\.(?:[01]\.\d+|2\.[01])")
_HAM = {"not-spam", "auth-failure", "dmarc"}  # feedback that is no complaint of a reader

_BY_ID = text("""
    SELECT id, channel, recipient, region_code, class FROM message
    WHERE id = :id AND channel = 'email' AND attempts > 0 FOR UPDATE""")

_BY_RECIPIENT = text("""
    SELECT id, channel, recipient, region_code, class FROM message
    WHERE lower(recipient) = lower(:recipient) AND channel = 'email' AND attempts > 0
      AND created_at > now() - interval '14 days'
    ORDER BY id DESC LIMIT 1 FOR UPDATE""")

_KEEP = text("""
    INSERT INTO receipt (provider, digest, message_id, state, detail, raw)
    VALUES (:provider, :digest, :message_id, :state, :detail, :raw)
    ON CONFLICT (provider, digest) DO NOTHING RETURNING id""")

# What was read has arrived; what waits to be sent again is another try.
_BOUNCE = text("""
    UPDATE message SET state = 'bounced', state_reason = 'bounced', lease_until = NULL,
        settle_until = NULL
    WHERE id = :id AND state IN ('handing_over', 'accepted', 'delivered', 'unknown')
    RETURNING id""")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report; `ring` is the class of work that has something new to send."""

    outcome: Outcome
    ring: str | None = None


def signature(secret: str, body: bytes) -> str:
    """What a signed report carries in `X-Sejawat-Signature`: HMAC-SHA-256 over its body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secret: str, body: bytes, header: str) -> bool:
    """Whether a report comes from who knows the secret."""
    return hmac.compare_digest(signature(secret, body).encode(), header.strip().encode())


def read_mail(raw: bytes) -> BounceReport | None:
    """What a mail reports; None when it is no report, or not of a mail that did not arrive."""
    # The old policy reads every header as it stands; the new one stumbles over broken ones.
    mail = BytesParser().parsebytes(raw[:MAIL_LIMIT])
    kinds = {part.get_content_type(): part for part in reversed(list(_parts(mail)))}
    if "message/feedback-report" in kinds:
        return _complaint(kinds)
    if "message/delivery-status" in kinds:
        return _bounce(kinds)
    return None


def take(session: Session, report: BounceReport, *, signed: bool) -> Taken:
    """Do what a report asks for, once however often it comes."""
    message = _ours(session, report, signed=signed)
    if message is None:
        log.warning("bounce.unknown", kind=report.kind, status=report.status, signed=signed)
        return Taken("unknown")
    # `failed` is a server's last word on this mail, whatever its status says of the address.
    hard = report.kind == "bounce" and (report.failed or report.status.startswith("5"))
    values = {
        "provider": PROVIDER,
        "digest": hashlib.sha256(report.model_dump_json().encode()).hexdigest(),
        "message_id": message.id,
        "state": report.kind if report.kind == "complaint" else "bounced" if hard else "accepted",
        "detail": " ".join(filter(None, (report.status, report.detail)))[:DETAIL],
        "raw": report.model_dump_json(),
    }
    if not session.execute(_KEEP, values).first():
        return Taken("repeated")
    taken = _apply(session, report, message, hard=hard)
    log.info("bounce.taken", message=str(message.id), status=report.status, outcome=taken.outcome)
    return taken


def _apply(session: Session, report: BounceReport, message: Any, *, hard: bool) -> Taken:
    if report.kind == "complaint":
        suppressions.learn(session, "complaint", message, report.detail)
        return Taken("complaint")
    if not hard:
        return Taken("noted")
    if _ADDRESS_DEAD.match(report.status):
        suppressions.learn(session, "bounce", message, f"{report.status} {report.detail}")
    changed = session.execute(_BOUNCE, {"id": message.id}).first()
    fell_back = changed and messages.fall_back(session, [message.id])
    return Taken("bounced", message[4] if fell_back else None)


def _ours(session: Session, report: BounceReport, *, signed: bool) -> Any:
    """The mail that a report is about; None when it is none of ours, or its reader is forgotten."""
    found = None
    if named := _ID.search(report.message_id):
        found = session.execute(_BY_ID, {"id": UUID(named[1])}).first()
    elif signed and report.recipient:
        found = session.execute(_BY_RECIPIENT, {"recipient": report.recipient}).first()
    return found if found and "@" in found.recipient and found.recipient[0] != "…" else None


def _bounce(kinds: dict[str, Mail]) -> BounceReport | None:
    blocks = list(_parts(kinds["message/delivery-status"]))
    recipients = [block for block in blocks if "final-recipient" in block]
    told = sorted(recipients, key=lambda block: _header(block, "action").lower() != "failed")
    if not told or _header(told[0], "action").lower() not in {"failed", "delayed"}:
        return None
    failed = _header(told[0], "action").lower() == "failed"
    status = _STATUS.search(_header(told[0], "status"))
    envelope = next(
        (one for block in blocks if (one := _header(block, "original-envelope-id"))), ""
    )
    return BounceReport(
        kind="bounce",
        message_id=_message_id(kinds) or envelope[:300],
        recipient=_header(told[0], "final-recipient").partition(";")[2].strip()[:254],
        status=status[1] if status else "5.0.0" if failed else "4.0.0",
        detail=_header(told[0], "diagnostic-code")[:DETAIL],
        failed=failed,
    )


def _complaint(kinds: dict[str, Mail]) -> BounceReport | None:
    fields = next(_parts(kinds["message/feedback-report"]), None)
    kind = _header(fields, "feedback-type").lower() if fields else ""
    if not fields or not kind or kind in _HAM:
        return None
    return BounceReport(
        kind="complaint",
        message_id=_message_id(kinds),
        recipient=_header(fields, "original-rcpt-to").strip("<> ")[:254],
        detail=" ".join(filter(None, (kind, _header(fields, "user-agent"))))[:DETAIL],
    )


def _message_id(kinds: dict[str, Mail]) -> str:
    """The Message-ID of the mail that came back, in whole or with its headers only."""
    if "message/rfc822" in kinds:
        returned = next(_parts(kinds["message/rfc822"]), None)
    elif "text/rfc822-headers" in kinds:
        payload = kinds["text/rfc822-headers"].get_payload(decode=True)
        said = payload.decode("latin-1") if isinstance(payload, bytes) else ""
        returned = HeaderParser().parsestr(said)
    else:
        returned = None
    return _header(returned, "message-id")[:300] if returned else ""


def _parts(mail: Mail) -> Iterator[Mail]:
    """What a mail, or a part of one, is made of; nothing below that."""
    payload = mail.get_payload()
    if isinstance(payload, list):
        yield from (one for one in payload if isinstance(one, Mail))


def _header(fields: Mail, name: str) -> str:
    """A header on one line, of signs that a database takes."""
    value = str(fields.get(name, "")).replace("\x00", "")
    return " ".join(value.encode(errors="replace").decode().split())
