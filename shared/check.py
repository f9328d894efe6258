"""A container's health check: `python -m shared.check SERVICE [QUEUE ...]` ends with 0 or says why.

A queue is well when its canary sang within the last minute: clock, relay, Redis, worker and
database all took part. It imports only the driver, as it runs again and again beside real work.
"""

import os
import sys

import psycopg

SILENT_S = 60  # six missed songs

_SILENT = """
    SELECT array_agg(queue) FILTER (WHERE sung_at < now() - make_interval(secs => %s)), count(*)
    FROM canary WHERE queue = ANY (%s) OR cardinality(%s::text[]) = 0"""


def main(service: str, *queues: str) -> None:
    """End the process with 0 when all the queues (without names: of the service) are well."""
    url = os.environ[f"DATABASE_URL_{service.upper()}"].replace("+psycopg", "", 1)
    with psycopg.connect(url, connect_timeout=5) as connection:
        names = list(queues)
        silent, known = connection.execute(_SILENT, (SILENT_S, names, names)).fetchone() or (
            None,
            0,
        )
    if silent or known < max(len(names), 1):
        sys.exit(f"silent: {silent or 'never heard of'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
