"""A mail server that is away for 2 minutes, then says "come again" to all, then to half.

3,000 announcements are due when it goes away; 20 confirmations are written during the outage. It
comes back with a greylist (451 until 10 s after the first try), then refuses half of the recipients
for now, and then takes all. Figures: `lost` (not taken in the end), `doubled`,
`attempts_while_away` (a breaker's probes), `announcements_before_confirmations` (tried before the
last confirmation was: the order of the classes), and seconds from the return to the last mail.
"""

import os
import time

from sqlalchemy import text

from bench.laboratory import print_figures, wait_until
from bench.post_office import PostOffice
from services.notifications.resources import database

SIZE = int(os.environ.get("SIZE", "3000"))
CONFIRMATIONS = 20
AWAY_S = 120.0
GREYLIST_S = 20.0
HALF_S = 60.0
LIMIT_S = 900.0

_ATTEMPTS = text("SELECT count(*) FROM attempt")
# The first time that the mail server said anything about a message.
_BEFORE = text("""
    WITH first AS (
        SELECT class, min(started_at) AS at
        FROM attempt JOIN message ON message_id = message.id
        WHERE reply <> '' GROUP BY message_id, class
    )
    SELECT count(*) FROM first WHERE class = 'bulk'
      AND at < (SELECT max(at) FROM first WHERE class = 'transactional')""")
_OPEN = text("SELECT count(*) FROM message WHERE state <> 'accepted'")


def run() -> None:
    """Break the mail server in three ways, count, and print one JSON object."""
    with PostOffice() as office:
        office.start_worker("reminder,bulk,digest,jobs", 1)
        office.start_worker("transactional", 1)
        office.start_relay("bulk", "transactional")
        office.write(SIZE, "bulk", "umum")
        office.release("bulk")
        time.sleep(AWAY_S / 2)
        office.write(CONFIRMATIONS, "transactional", "pasti")
        office.release("transactional")
        time.sleep(AWAY_S / 2)
        attempts = number(_ATTEMPTS)
        back = time.time()
        for seconds, options in ((GREYLIST_S, ["--greylist-s", "10"]), (HALF_S, ["--half"])):
            office.start_mail_server(*options)
            time.sleep(seconds)
            office.stop_mail_server()
        office.start_mail_server()
        wait_until(lambda: number(_OPEN) == 0, "the last mail", LIMIT_S, every=1)
        figures = count(office, back)
    print_figures("chaos-smtp", mails=SIZE, away_s=AWAY_S, attempts_while_away=attempts, **figures)


def number(statement: object) -> int:
    """One number from the database."""
    with database.sessions.begin() as session:
        return int(session.execute(statement).scalar_one())  # type: ignore[call-overload]


def count(office: PostOffice, back: float) -> dict[str, object]:
    """What the mail server took, and in which order."""
    mails = office.mails()
    ids = [mail["id"] for mail in mails]
    return {
        "lost": SIZE + CONFIRMATIONS - len(set(ids)),
        "doubled": len(ids) - len(set(ids)),
        "announcements_before_confirmations": number(_BEFORE),
        "last_mail_s": round(max(mail["taken"] for mail in mails) - back, 1),
    }


if __name__ == "__main__":
    run()
