"""The whole product while parts of it die: nothing is lost, nothing is doubled, nothing is left."""

import os
import re
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sites import Site, eventually, running_site

from shared import regions

MEETING = "/registration/api/v1/meetings/plm-2027-21/registrations"

VICTIMS = (
    "celeryd: notifications-code",
    "services.registration relay",
    "services.reporting all",
    "services.notifications relay",
    "celeryd: registration-events-jobs",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sejawat-test-") as made:
        yield Path(made)


def engine(site: Site, name: str) -> psutil.Process | None:
    """PostgreSQL's or Redis' first process; None while there is none."""
    children = psutil.Process(site.pid).children()
    return next((child for child in children if child.name() == name), None)


def kill_engine(site: Site, name: str) -> None:
    """Return when there is another."""
    old = engine(site, name)
    assert old
    os.kill(old.pid, signal.SIGKILL)
    eventually(lambda: engine(site, name) not in {None, old}, f"another {name}", 60)


def register(site: Site, number: int) -> str:
    """Register one fictitious person; returns the e-mail address."""
    email = f"tahan{number}@contoh.id"
    village = regions.children(regions.children(f"21.0{number % 4 + 1}")[0].code)[0]
    body = {
        "name": f"Peserta Contoh {number}",
        "email": email,
        "participant_type": "village_library",
        "region_code": village.code,
        "library_name": "Perpustakaan Contoh",
        "position": "Pengelola",
        "consent": True,
    }
    answer = site.client().post(MEETING, json=body)
    assert answer.status_code == 201, answer.text
    return email


def processes(folder: Path) -> list[psutil.Process]:
    """Every living process that was started for this data directory."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = f"{folder}" in " ".join(process.cmdline())
            mine = mine or str(folder) in process.environ().get("FILES", "")
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def the_one(folder: Path, words: str) -> psutil.Process:
    """The oldest process whose command line has these words."""
    return min(
        (p for p in processes(folder) if words in " ".join(p.cmdline())),
        key=lambda process: process.create_time(),
    )


def total(site: Site) -> int:
    """How many registrations reporting has counted."""
    address = "/reporting/api/v1/meetings/plm-2027-21/summary"
    told = site.client().get(address, headers=site.staff).json()
    return int(told["total"]) + int(told["awaiting_decision"])


def open_copies(site: Site) -> int:
    """Copies of registration's events that have no receipt yet."""
    metrics = site.client().get("/registration/metrics").text
    found = re.search(r"^bus_unreceived_copies (\d+)", metrics, re.MULTILINE)
    assert found
    return int(found[1])


def healthy(site: Site) -> bool:
    """Whether registration has its database, Redis and workers."""
    answer = site.client().get("/registration/health/ready")
    return bool(answer.is_success and answer.json()["status"] == "ok")


def once_each(site: Site, addresses: list[str]) -> bool:
    """Every address has got its mail; fails when one got two."""
    counts = [len(site.mails_to(address)) for address in addresses]
    assert max(counts) <= 1
    return min(counts) == 1


def test_a_stop_leaves_no_process_and_a_second_start_goes_on(folder: Path) -> None:
    with running_site(folder=folder) as site:
        first = register(site, 1)
        eventually(lambda: once_each(site, [first]), "the first mail")
        assert len(processes(folder)) > 10
    assert processes(folder) == []
    with running_site(folder=folder) as site:
        second = register(site, 2)
        eventually(lambda: once_each(site, [first, second]), "the mail after the second start")
        eventually(lambda: total(site) == 2, "both are counted")


def test_killed_run_py_takes_all_its_children_with_it(folder: Path) -> None:
    with running_site("--empty", folder=folder) as site:
        os.kill(site.pid, signal.SIGKILL)
        eventually(lambda: not processes(folder), "no process is left", 60)


def test_registrations_go_on_while_workers_relays_and_engines_are_killed(folder: Path) -> None:
    with running_site(folder=folder) as site:
        addresses = []
        for round_number, victim in enumerate(VICTIMS):
            os.kill(the_one(folder, victim).pid, signal.SIGKILL)
            numbers = range(10 + 4 * round_number, 14 + 4 * round_number)
            addresses += [register(site, number) for number in numbers]
        eventually(lambda: once_each(site, addresses), "every mail", 90)
        # A double could still come with a resend, so wait until no copy is without its receipt.
        eventually(lambda: open_copies(site) == 0, "every receipt", 90)
        assert once_each(site, addresses)
        assert total(site) == len(addresses)
        for name in ("redis-server", "postgres"):
            kill_engine(site, name)
        eventually(lambda: healthy(site), "health after the engines' death", 60)
        last = register(site, 40)
        eventually(lambda: once_each(site, [*addresses, last]), "the mail after it", 90)
