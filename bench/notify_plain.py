"""Notify's shape, well made: one Celery task per mail reads its row, sends it, writes the row.

The same Celery settings, the same mail, a kept connection to the mail server and to the database in
each process, one statement to read and one to write.
"""

import os
import smtplib
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg

from services.notifications.mime import compose
from shared.bus.queues import Queues

QUEUE = "plain.mails"
SENDER = "Sejawat <sejawat@localhost>"

_READ = "SELECT recipient, language, subject, text, html FROM message WHERE id = %s"
_WRITE = "UPDATE message SET state = 'accepted', accepted_at = now() WHERE id = %s"

_kept: dict[str, Any] = {}


def make_queues() -> Queues:
    """A Celery application with one task that sends one mail."""
    queues = Queues("plain", lambda: os.environ["REDIS_URL"])
    queues.consume([QUEUE])

    @queues.app.task(name="plain.send", shared=False)  # type: ignore[untyped-decorator]
    def send(message_id: str) -> None:
        if not _kept:
            url = os.environ["DATABASE_URL_NOTIFICATIONS"].replace("+psycopg", "")
            server = urlsplit(os.environ["SMTP_URL"])
            _kept["database"] = psycopg.connect(url, autocommit=True)
            _kept["smtp"] = smtplib.SMTP(server.hostname or "", server.port or 25, "localhost")
        row = _kept["database"].execute(_READ, (message_id,)).fetchone()
        recipient, language, subject, words, html = row
        mail = compose(
            sender=SENDER,
            recipient=recipient,
            language=language,
            message_id=f"<{message_id}@sejawat.contoh.id>",
            date=datetime.now(UTC),
            subject=subject,
            text=words,
            html=html,
        )
        _kept["smtp"].sendmail("sejawat@localhost", [recipient], mail.content)
        _kept["database"].execute(_WRITE, (message_id,))

    return queues


if __name__ == "__main__":
    make_queues().app.worker_main(
        ["worker", "--concurrency", sys.argv[1], "--loglevel", "WARNING", "--without-gossip"]
    )
