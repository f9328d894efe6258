"""200 registrations through the web form while Redis is away for 30 seconds.

Redis gets `kill -9` before the first and comes back, empty, half a minute later, while people go
on. Figures: `accepted`, `errors_5xx`, and of the mails to the accepted: `lost` and `doubled`;
`health` is what `/registration/health/ready` said meanwhile (it must be degraded, not down), and
`p95_ms` the time to answer while Redis was away.
"""

import re
import time
from dataclasses import dataclass, field

import httpx

from bench.journey import _accepted
from bench.laboratory import percentile, print_figures, wait_until
from bench.register import _open_meetings, _person
from bench.site import BenchSite

PEOPLE = 200
AWAY_S = 30.0
AFTERWARDS_S = 5.0  # people go on for so long after Redis is back
PROVINCE = "21"
FORM = f"/registration/meetings/bench-{PROVINCE}/register"
TOKEN = re.compile(r'name="form_token"\s+value="([^"]+)"')


@dataclass
class Seen:
    """What people met."""

    accepted: list[str] = field(default_factory=list)
    errors: int = 0
    seconds: list[float] = field(default_factory=list)


def run() -> None:
    """Take Redis away, register, bring it back, wait for the mails, print one JSON object."""
    with BenchSite(workers=1) as site, httpx.Client(base_url=site.base_url) as client:
        _open_meetings()
        site.redis.kill()
        seen, health = _register_all(site, client)
        journal = site.folder / "mail" / "accepted.jsonl"
        wanted = set(seen.accepted)
        wait_until(lambda: wanted <= {m["to"][0] for m in _accepted(journal)}, "all mails", 180)
        time.sleep(5)  # a double would still come
        mails = [mail["to"][0] for mail in _accepted(journal) if mail["to"][0] in wanted]
    print_figures(
        "chaos-redis-down",
        accepted=len(seen.accepted),
        errors_5xx=seen.errors,
        lost=len(wanted - set(mails)),
        doubled=len(mails) - len(set(mails)),
        health=health,
        away_s=AWAY_S,
        p95_ms=round(percentile(seen.seconds, 95) * 1000, 1),
    )


def _register_all(site: BenchSite, client: httpx.Client) -> tuple[Seen, str]:
    seen, health = Seen(), ""
    pause = (AWAY_S + AFTERWARDS_S) / PEOPLE
    begun = time.monotonic()
    for number in range(PEOPLE):
        time.sleep(max(0.0, begun + number * pause - time.monotonic()))
        if time.monotonic() - begun > AWAY_S and site.redis.pid is None:
            health = client.get("/registration/health/ready").json()["status"]
            site.redis.start()
        _register(client, number, seen)
    return seen, health


def _register(client: httpx.Client, number: int, seen: Seen) -> None:
    person = _person(PROVINCE, number, "redis-away") | {"consent": "yes"}
    started = time.perf_counter()
    page = client.get(FORM, params={"participant_type": person["participant_type"]})
    found = TOKEN.search(page.text)
    answers = [page]
    if found:
        answers.append(client.post(FORM, data=person | {"form_token": found[1]}))
    seen.seconds.append(time.perf_counter() - started)
    seen.errors += sum(answer.status_code >= 500 for answer in answers)
    if answers[-1].status_code == 303:
        seen.accepted.append(person["email"])


if __name__ == "__main__":
    run()
