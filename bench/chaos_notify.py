"""Announcements while their worker gets `kill -9` ten times: by e-mail, Infobip and Zenziva.

5,000 mails, and 1,000 messages by each gateway. Mail server and gateways answer 10 ms after they
took a message, so that many a kill falls between the two. Figures of each: `doubled` (taken twice),
`never_sent` (neither taken, nor shown to anybody as unknown), `unknown` (shown) and how many of
these were taken, and `settled_within_s`: the longest that a message was between its hand-over and
its being settled or shown, as seen every half second.
Infobip is asked what it has; of mails and Zenziva nobody can know, and an announcement, by the
policy of its class, never goes twice.
"""

import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from bench.laboratory import print_figures, wait_until
from bench.post_office import PostOffice
from services.notifications.resources import database

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the fake gateways live

from fakes import FakeGateway, FakeInfobip, FakeZenziva, Faults

SIZE = int(os.environ.get("SIZE", "5000"))
KILLS = 10
QUEUES = "code,reminder,bulk,digest,jobs"  # of codes, the look-ups
SLOW_MS = 10

_OPEN = text("""
    SELECT count(*) FROM message
    WHERE state IN ('queued', 'claimed', 'handing_over') OR settle_until IS NOT NULL""")
_OLDEST = text("""
    SELECT coalesce(extract(epoch FROM now() - min(handed_over_at)), 0) FROM message
    WHERE state = 'handing_over' OR settle_until IS NOT NULL""")
_OUTCOMES = text("SELECT outcome, count(*) FROM attempt GROUP BY outcome")
_MESSAGES = text("SELECT ltrim(recipient, '+') AS to, state FROM message")


def run() -> None:
    """Kill, wait until all is settled, count; three times. Prints one JSON object."""
    with PostOffice() as office:
        office.start_mail_server("--answer-delay-ms", str(SLOW_MS))
        office.write(SIZE, "bulk", "umum")
        mails = send_and_kill(office, lambda: [mail["to"] for mail in office.mails()])
        keys = {"key": "kunci", "sender": "Sejawat"}
        infobip = by_gateway(office, FakeInfobip(), {"kind": "infobip", **keys})
        keys = {"userkey": "kunci", "passkey": "sandi"}
        zenziva = by_gateway(office, FakeZenziva(), {"kind": "zenziva", **keys})
    print_figures("chaos-notify", kills=KILLS, mail=mails, infobip=infobip, zenziva=zenziva)


def by_gateway(
    office: PostOffice, gateway: FakeGateway, settings: dict[str, str]
) -> dict[str, object]:
    """The same by SMS."""
    gateway.faults = Faults(delay_ms=SLOW_MS)
    gateway.start()
    os.environ["GATEWAYS"] = json.dumps([{**settings, "url": gateway.url}])
    office.clear()
    office.write(SIZE // 5, "bulk", "+62812", channel="sms")
    figures = send_and_kill(office, lambda: [re.sub(r"\D", "", one.to) for one in gateway.taken])
    gateway.stop()
    return figures


def send_and_kill(office: PostOffice, taken: Callable[[], list[str]]) -> dict[str, object]:
    """Each kill when another part has been taken; then wait, and compare."""
    office.start_worker(QUEUES, 2)
    office.start_relay(*QUEUES.split(","))
    size = int(number(text("SELECT count(*) FROM message")))
    office.release("bulk")
    settled = 0.0
    for part in range(1, KILLS + 1):
        wait_until(lambda wanted=part * size // (KILLS + 1): len(taken()) >= wanted, "more", 120)  # type: ignore[misc]
        settled = max(settled, number(_OLDEST))
        office.kill(f"worker-{QUEUES}")

    def all_settled() -> bool:
        nonlocal settled
        settled = max(settled, number(_OLDEST))
        return not number(_OPEN)

    wait_until(all_settled, "all settled", 400, every=0.5)
    time.sleep(1)  # a double would still come
    office.supervisor.stop()
    figures: dict[str, object] = {
        "messages": size,
        **count(Counter(taken())),
        "settled_within_s": round(settled, 1),
    }
    print(figures, file=sys.stderr)
    return figures


def count(taken: Counter[str]) -> dict[str, int]:
    """Compare what we say with what was taken."""
    with database.sessions.begin() as session:
        states = {row.to: row.state for row in session.execute(_MESSAGES)}
        outcomes = {row.outcome: row.count for row in session.execute(_OUTCOMES)}
    unknown = [recipient for recipient, state in states.items() if state == "unknown"]
    return {
        "doubled": sum(times - 1 for times in taken.values()),
        "never_sent": sum(one not in taken and s != "unknown" for one, s in states.items()),
        "unknown": len(unknown),
        "unknown_but_taken": sum(recipient in taken for recipient in unknown),
        "cut_off_before_the_mark": outcomes.get("lost", 0),
        "cut_off_after_it": outcomes.get("unknown", 0),
    }


def number(statement: object) -> float:
    """One number from the database."""
    with database.sessions.begin() as session:
        return float(session.execute(statement).scalar_one())  # type: ignore[call-overload]


if __name__ == "__main__":
    run()
