"""`python -m services.notifications <command>`."""

import os
import sys

import structlog
from sqlalchemy.exc import OperationalError

from services.notifications import bounces, jobs
from services.notifications import handlers as _handlers  # noqa: F401 - they register with the bus
from services.notifications.resources import bus, database
from services.notifications.settings import settings
from shared.command import main

log = structlog.get_logger()


def read_bounce() -> None:
    """Read one returned mail from standard input, as a mail server's pipe gives it."""
    report = bounces.read_mail(sys.stdin.buffer.read(bounces.MAIL_LIMIT))
    if report is None:
        log.info("bounce.no_report")
        return
    try:
        with database.sessions.begin() as session:
            taken = bounces.take(session, report, signed=False)
            if taken.ring:
                jobs.ring(session, [taken.ring])
    except OperationalError:
        log.exception("bounce.put_off")
        sys.exit(os.EX_TEMPFAIL)  # the mail server keeps it and tries again


main(bus, settings, lambda: settings().database_url, {"read-bounces": read_bounce})
