"""How fast bulk mail goes out, against Notify's shape, and how long a code waits beside it.

Figures: `mails_per_s` and `plain_per_s`, each over SIZE mails (5,000) that are written down
beforehand, from the first envelope to the last acceptance, by two worker processes to one mail
server in a process of its own; their `ratio`. `code_p95_s`: 20 one-time codes are asked for while
another SIZE mails are being sent, each from the event's arrival to the mail server's acceptance.
"""

import os
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from uuid_utils.compat import uuid7

from bench.laboratory import percentile, print_figures
from bench.notify_plain import QUEUE, make_queues
from bench.post_office import PostOffice
from services.notifications.resources import bus, database
from shared.bus.envelope import seal
from shared.events import SignInCodeRequested
from shared.tracing import new_traceparent

SIZE = int(os.environ.get("SIZE", "5000"))
PROCESSES = 2
CODES = 20
BETWEEN_CODES_S = 0.05


def run() -> None:
    """Measure, and print one JSON object."""
    with PostOffice() as office:
        office.start_mail_server()
        plain_per_s = send_plainly(office)
        office.start_worker("bulk", PROCESSES)
        office.start_worker("events,code", 1)
        office.start_relay("bulk", "events", "code")
        mails_per_s = send(office)
        waits, left = ask_for_codes(office)
        doubled = len(office.mails()) - len({mail["id"] for mail in office.mails()})
    print_figures(
        "notify",
        mails=SIZE,
        processes=PROCESSES,
        mails_per_s=round(mails_per_s),
        plain_per_s=round(plain_per_s),
        ratio=round(mails_per_s / plain_per_s, 1),
        codes=len(waits),
        code_p50_s=round(percentile(waits, 50), 2),
        code_p95_s=round(percentile(waits, 95), 2),
        bulk_left_after_last_code=left,
        doubled=doubled,
    )


def send_plainly(office: PostOffice) -> float:
    """Mails per second as one task for each."""
    office.write(SIZE, "bulk", "polos")
    queues = make_queues()
    with database.sessions.begin() as session:
        ids = session.execute(text("SELECT id FROM message")).scalars().all()
    for identity in ids:
        queues.send(QUEUE, "plain.send", str(identity))
    office.start("plain", "bench.notify_plain", str(PROCESSES))
    office.wait_for_mails(SIZE, "polos")
    per_second = pace(office, "polos")
    office.supervisor.stop()
    office.clear()
    return per_second


def send(office: PostOffice) -> float:
    """Mails per second by the engine."""
    office.write(SIZE, "bulk", "umum")
    office.release("bulk")
    office.wait_for_mails(SIZE, "umum")
    return pace(office, "umum")


def pace(office: PostOffice, prefix: str) -> float:
    """Mails per second, from the first envelope to the last acceptance."""
    mails = office.mails(prefix)
    begun, taken = min(m["begun"] for m in mails), max(m["taken"] for m in mails)
    return float(len(mails) / (taken - begun))


def ask_for_codes(office: PostOffice) -> tuple[list[float], int]:
    """Seconds from an event's arrival to its mail's acceptance, and the bulk that was left then."""
    office.write(SIZE, "bulk", "lagi")
    office.release("bulk")
    office.wait_for_mails(100, "lagi")
    asked = {}
    for number in range(CODES):
        address = f"kode{number}@contoh.id"
        asked[address] = time.time()
        ask_for_code(address)
        time.sleep(BETWEEN_CODES_S)
    office.wait_for_mails(CODES, "kode")
    left = SIZE - len(office.mails("lagi"))
    office.wait_for_mails(SIZE, "lagi")
    return [mail["taken"] - asked[mail["to"]] for mail in office.mails("kode")], left


def ask_for_code(address: str) -> None:
    """The event, as registration's relay carries it."""
    event = SignInCodeRequested(
        code_id=uuid7(),
        email=address,
        phone=None,
        language="id",
        region_code="21.01",
        code="482913",
        expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )
    envelope = seal("registration", event, new_traceparent())
    copies = [[str(envelope.id), 0, 1, envelope.type, envelope.model_dump_json()]]
    bus.queues.send("notifications.events", "bus.deliver", "registration", copies)


if __name__ == "__main__":
    run()
