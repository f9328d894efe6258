"""`run.py` from a person's side: what it says when it cannot start, and what it hands out."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sites import OURS, ROOT, Site

from shared.local.ports import LOOPBACK, free_port

SECONDS = 120
NOTHING = "01992f6e-c0a1-7c3c-8f5e-5d0b0a9c4e11"  # nobody's id


@pytest.fixture
def bare() -> dict[str, str]:
    """An environment that names nothing of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def start(environment: dict[str, str], *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `run.py` to its end."""
    return run(environment, "run.py", *options)


def run(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python to its end."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_a_second_start_in_the_same_place_is_refused_and_harms_nothing(
    site: Site, bare: dict[str, str]
) -> None:
    told = (site.data / "demo.json").read_text()
    second = start(bare, "--data", site.data, "--port", str(free_port()))
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert "--data" in second.stderr
    assert (site.data / "demo.json").read_text() == told
    assert (site.data / "env").exists()


def test_a_taken_port_is_named_before_anything_is_started(
    site: Site, bare: dict[str, str], tmp_path: Path
) -> None:
    port = site.base_url.rpartition(":")[2]
    second = start(bare, "--data", tmp_path, "--port", port)
    assert second.returncode == 1
    assert f"Port {port} is taken" in second.stderr
    assert "--port" in second.stderr
    assert second.stdout == ""
    assert not (tmp_path / "postgres").exists()


def test_a_database_out_of_reach_is_a_sentence(bare: dict[str, str], tmp_path: Path) -> None:
    nobody = f"postgresql+psycopg://somebody:very-secret@{LOOPBACK}:{free_port()}/nothing"
    names = ("REGISTRATION", "REPORTING", "NOTIFICATIONS")
    elsewhere = {f"DATABASE_URL_{name}": nobody for name in names}
    elsewhere |= {"REDIS_URL": "redis://127.0.0.1/0", "SMTP_URL": "smtp://127.0.0.1"}
    refused = start(bare | elsewhere, "--data", tmp_path, "--port", str(free_port()))
    assert refused.returncode == 1
    assert "no way to the database of DATABASE_URL_REGISTRATION" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "very-secret" not in refused.stderr


@pytest.fixture
def beginning(bare: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A copy that has just begun to start."""
    command = [sys.executable, "run.py", "--data", str(tmp_path), "--port", str(free_port())]
    with subprocess.Popen(
        command, cwd=ROOT, env=bare, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_ctrl_c_stops_a_start(beginning: subprocess.Popen[str]) -> None:
    assert beginning.stdout
    assert beginning.stdout.readline() == "Starting PostgreSQL ...\n"
    beginning.send_signal(signal.SIGINT)
    said, _ = beginning.communicate(timeout=SECONDS)
    assert beginning.returncode == 0
    assert said == "Stopping before all was started ...\n"


def command(site: Site, bare: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """A service's command, in a shell that has read what `run.py` wrote."""
    line = '. "$0"; exec "$@"'
    return subprocess.run(
        ["/bin/sh", "-c", line, site.data / "env", sys.executable, "-m", *words],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_an_operators_command_works_with_what_run_py_wrote(
    site: Site, bare: dict[str, str]
) -> None:
    assert stat.S_IMODE((site.data / "env").stat().st_mode) == 0o600
    listed = command(site, bare, "services.reporting", "failed")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout == ""


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("replay notifications --since nonsense", 2, "not a time"),
        ("replay notifications --since 2026-01-01", 2, "without its zone"),
        ("replay notifications --event zzz", 2, "UUID"),
        (f"replay notifications --event {NOTHING}", 1, "never sent"),
        ("retry --event zzz", 2, "UUID"),
        (f"retry --event {NOTHING}", 1, "is parked"),
    ],
)
def test_a_command_that_finds_nothing_says_so(
    site: Site, bare: dict[str, str], words: str, status: int, said: str
) -> None:
    refused = command(site, bare, "services.registration", *words.split())
    assert refused.returncode == status
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_command_without_its_settings_says_which(bare: dict[str, str]) -> None:
    lost = run(bare, "-m", "services.reporting", "failed")
    assert lost.returncode == 1
    assert "DATABASE_URL_REPORTING" in lost.stderr
    assert "Traceback" not in lost.stderr


def test_the_first_keys_are_made_before_there_are_settings(bare: dict[str, str]) -> None:
    made = run(bare, "-m", "services.registration", "new-keys")
    assert made.returncode == 0, made.stderr
    assert "TOKEN_PRIVATE_KEY=" in made.stdout
