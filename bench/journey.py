"""How long a registrant waits for the mail: from the POST to the SMTP server's acceptance.

10 registrations a second for 20 seconds on the whole product, as `run.py` starts it.
"""

import json
import time
from pathlib import Path
from typing import Any

from bench.laboratory import percentile, print_figures, wait_until
from bench.load import post_all
from bench.register import _open_meetings, _person
from bench.site import BenchSite
from shared import regions

PER_SECOND = 10
SECONDS = 20


def run() -> None:
    """Measure, and print one JSON object."""
    with BenchSite(workers=1) as site:
        _open_meetings()
        journal = site.folder / "mail" / "accepted.jsonl"
        _register(site.port, journal, "warm", 20)
        sent = _register(site.port, journal, "journey", PER_SECOND * SECONDS)
        time.sleep(1)  # a double would still come
        accepted = _accepted(journal)
    mails = [mail for mail in accepted if mail["to"][0] in sent]
    waits = [mail["accepted_at"] - sent[mail["to"][0]] for mail in mails]
    print_figures(
        "journey",
        registrations=len(sent),
        mails=len(mails),
        lost=len(sent.keys() - {mail["to"][0] for mail in mails}),
        doubled=len(mails) - len({mail["to"][0] for mail in mails}),
        p50_ms=round(percentile(waits, 50) * 1000),
        p95_ms=round(percentile(waits, 95) * 1000),
    )


def _register(port: int, journal: Path, run_name: str, count: int) -> dict[str, float]:
    """Post and wait for all mails; e-mail address -> when its POST was sent."""
    provinces = [region.code for region in regions.children(None)]
    people = [_person(provinces[n % len(provinces)], n, run_name) for n in range(count)]
    posts = [
        (f"/registration/api/v1/meetings/bench-{p['region_code'][:2]}/registrations", p)
        for p in people
    ]
    answers, _ = post_all(port, posts, 8, PER_SECOND)
    assert all(answer.status == 201 for answer in answers)
    sent = {people[answer.number]["email"]: answer.sent_at for answer in answers}
    wait_until(lambda: sent.keys() <= {mail["to"][0] for mail in _accepted(journal)}, "all mails")
    return sent


def _accepted(journal: Path) -> list[dict[str, Any]]:
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text().splitlines()]


if __name__ == "__main__":
    run()
