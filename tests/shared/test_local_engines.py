"""One machine's engines, with real PostgreSQL, Redis, SMTP and processes."""

import json
import os
import re
import signal
import smtplib
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest
import redis as redis_client
from redis.backoff import NoBackoff
from redis.retry import Retry
from sites import LINUX, eventually, gone

from shared.local.engines import AlreadyRunningError, EngineError
from shared.local.ports import free_port, is_free
from shared.local.postgres import Postgres
from shared.local.processes import ManagedProcess, Supervisor, _is_member
from shared.local.redis import Redis
from shared.local.smtp_sink import Faults, SmtpSink

IS_ACTIVE = "SELECT state = 'active' FROM pg_stat_activity WHERE pid = %s"


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True, connect_timeout=5)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    # Not pytest's: any other pytest that root starts closes /tmp/pytest-of-root to the user that
    # PostgreSQL has to run as.
    with TemporaryDirectory() as directory:
        yield Path(directory).resolve()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with TemporaryDirectory() as directory:
        cluster = Postgres(Path(directory) / "postgres")
        yield cluster
        cluster.stop()


@pytest.fixture
def postgres(cluster: Postgres) -> Postgres:
    if cluster.pid is None:
        cluster.start()
    return cluster


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    redis = Redis(tmp_path / "redis")
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    sink = SmtpSink(tmp_path / "mail")
    sink.start()
    yield sink
    sink.stop()


class Guestbook:
    """A table somebody's data is in."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.url = postgres.ensure_database("guests", "guests_owner")
        with connect(self.url) as connection:
            connection.execute("DROP TABLE IF EXISTS guest")
            connection.execute("CREATE TABLE guest (name text)")

    def sign(self, name: str) -> None:
        with connect(self.postgres.url("guests")) as connection:
            connection.execute("INSERT INTO guest VALUES (%s)", [name])

    def names(self) -> list[str]:
        with connect(self.postgres.url("guests")) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM guest ORDER BY name")]


def test_what_was_committed_is_there_after_the_next_start(tmp_path: Path) -> None:
    first = Postgres(tmp_path / "postgres")
    first.start()
    book = Guestbook(first)
    book.sign("Siti")
    first.stop()
    assert first.pid is None

    second = Postgres(tmp_path / "postgres")
    second.start()
    try:
        book.postgres = second
        assert book.names() == ["Siti"]
        assert second.ensure_database("guests", "guests_owner") == second.url("guests")
        assert book.names() == ["Siti"]
    finally:
        second.stop()


def test_a_role_opens_only_its_own_database(postgres: Postgres) -> None:
    postgres.ensure_database("reporting", "reporting")
    own = postgres.ensure_database("registration", "registration")
    assert own.startswith("postgresql+psycopg://registration:")
    with connect(own) as connection:
        connection.execute("CREATE TABLE mine (id int)")

    for other in ("reporting", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect(own.removesuffix("registration") + other)


def test_passwords_are_for_their_owner_alone(postgres: Postgres) -> None:
    postgres.ensure_database("registration", "registration")
    for name in ("secrets.json", "lock"):
        assert stat.S_IMODE((postgres.directory / name).stat().st_mode) == 0o600
    assert not (postgres.directory / "pwfile").exists()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host="127.0.0.1", port=postgres.port, user="postgres", password="guess")


def test_the_cluster_is_as_on_every_other_machine(postgres: Postgres) -> None:
    with connect(postgres.url("postgres")) as connection:
        settings = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in ("server_encoding", "data_checksums", "fsync", "TimeZone")
        }
        lower = connection.execute("SELECT lower('ÉA'), 'Z' < 'a'").fetchone()
    assert settings == {
        "server_encoding": ("UTF8",),
        "data_checksums": ("on",),
        "fsync": ("on",),
        "TimeZone": ("UTC",),
    }
    assert lower == ("éa", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_folders_above_are_opened_for_passing_through_only(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir(mode=0o700)
    postgres = Postgres(above / "postgres")
    postgres.start()
    try:
        assert stat.S_IMODE(above.stat().st_mode) == 0o701
        assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700
        assert psutil.Process(postgres.pid).uids().effective != 0
    finally:
        postgres.stop()


def test_a_killed_postgres_starts_again_on_its_port_with_its_data(postgres: Postgres) -> None:
    book = Guestbook(postgres)
    book.sign("Budi")
    port, pid = postgres.port, postgres.pid
    assert pid is not None
    with closing(connect(postgres.url("guests"))) as busy:
        backend = busy.info.backend_pid
        # Some seconds in which it does not look whether its postmaster lives.
        busy.pgconn.send_query(b"DO $$ BEGIN FOR i IN 1..20000000 LOOP END LOOP; END $$")
        with connect(postgres.url("postgres")) as other:
            eventually(lambda: other.execute(IS_ACTIVE, [backend]).fetchone() == (True,))
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: postgres.pid is None)
        assert (postgres.data / "postmaster.pid").exists()
        assert not gone(backend)
        postgres.start()
        assert gone(backend)
    assert postgres.port == port
    assert book.names() == ["Budi"]


def test_a_dead_postmasters_number_may_belong_to_a_stranger(postgres: Postgres) -> None:
    postgres.stop()
    old = [str(os.getppid()), str(postgres.data), "1700000000", "5432", "", "127.0.0.1"]
    (postgres.data / "postmaster.pid").write_text("\n".join([*old, "  0  0", "ready   ", ""]))
    postgres.start()
    assert postgres.pid is not None


def test_postgres_crashes_and_recovers_on_the_same_port(postgres: Postgres) -> None:
    book = Guestbook(postgres)
    book.sign("Ani")
    url, pid = postgres.url("guests"), postgres.pid
    postgres.restart(immediate=True)
    assert (postgres.url("guests"), book.names()) == (url, ["Ani"])
    postgres.restart(immediate=False)
    assert (postgres.url("guests"), book.names()) == (url, ["Ani"])
    assert postgres.pid != pid


def test_a_second_postgres_on_the_same_directory_is_told_so(postgres: Postgres) -> None:
    with pytest.raises(AlreadyRunningError, match=r"^PostgreSQL is already running in .*\.$"):
        Postgres(postgres.directory).start()
    assert postgres.pid is not None


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "postgres")
    (postgres.directory / "data.new").mkdir(parents=True)
    (postgres.directory / "data.new" / "PG_VERSION").write_text("18\n")
    postgres.start()
    postgres.stop()
    assert not (postgres.directory / "data.new").exists()


def test_a_database_nobody_made_has_no_url(postgres: Postgres) -> None:
    with pytest.raises(EngineError, match="no database nowhere"):
        postgres.url("nowhere")


@pytest.mark.skipif(not LINUX, reason="only Linux tells a child that its parent died")
def test_postgres_and_redis_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    script = """
import sys, threading
from pathlib import Path
from shared.local.postgres import Postgres
from shared.local.redis import Redis
postgres, redis = Postgres(Path(sys.argv[1]) / "postgres"), Redis(Path(sys.argv[1]) / "redis")
starter = threading.Thread(target=lambda: (postgres.start(), redis.start()))
starter.start(); starter.join()  # a thread that ends must not take the engines with it
print(postgres.pid, redis.pid, flush=True)
threading.Event().wait()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert not any(map(gone, pids))
        parent.kill()
    # At once, while the old server is still shutting down.
    again = Postgres(tmp_path / "postgres")
    again.start()
    again.stop()
    eventually(lambda: all(map(gone, pids)))


def test_a_killed_redis_comes_back_empty_on_its_port(redis: Redis) -> None:
    url = redis.url
    with redis_client.Redis.from_url(url) as client:
        client.set("bell", "rings")
        redis.kill()
        assert redis.pid is None
        redis.start()
        assert redis.url == url
        assert client.get("bell") is None
        client.set("bell", "rings")
        redis.restart()
        assert redis.url == url
        assert client.get("bell") is None


def test_redis_wants_its_password(redis: Redis) -> None:
    with (
        redis_client.Redis(port=redis.port or 0, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis_client.AuthenticationError),
    ):
        stranger.ping()


def test_redis_says_when_its_port_is_taken(redis: Redis, tmp_path: Path) -> None:
    late = Redis(tmp_path / "late")
    late.port = redis.port
    with pytest.raises(EngineError, match="is taken by another program"):
        late.start()


def test_a_free_port_is_outside_the_range_of_outgoing_connections() -> None:
    port = free_port()
    assert is_free(port)
    assert 20_000 <= port < 32_768


def mail(message_id: str, text: str = "Sampai jumpa") -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = message_id
    message["From"] = "panitia@example.org"
    message["To"] = "peserta@example.org"
    message["Subject"] = "Pertemuan — undangan"
    message.set_content(text)
    return message


def accepted(directory: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (directory / "accepted.jsonl").read_text().splitlines()]


def test_a_mail_answered_250_is_a_file_and_a_line(sink: SmtpSink) -> None:
    before = time.time()
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.send_message(mail("<satu@example.org>"))
        client.send_message(mail("<dua@example.org>"))
        client.send_message(mail("<satu@example.org>"))
    files = sorted(path.name for path in sink.directory.glob("*.eml"))
    assert len(files) == 3
    assert all(re.fullmatch(r"\d{8}T\d{6}\.\d{6}Z-\d{6}-[0-9a-f]{12}\.eml", f) for f in files)
    hashes = [name.split("-")[2] for name in files]
    assert hashes[0] == hashes[2] != hashes[1]
    assert b"Sampai jumpa" in (sink.directory / files[0]).read_bytes()
    assert not list(sink.directory.glob("*.new"))
    lines = accepted(sink.directory)
    assert [line["message_id"] for line in lines][:2] == ["<satu@example.org>", "<dua@example.org>"]
    assert lines[0]["to"] == ["peserta@example.org"]
    assert all(before <= float(str(line["accepted_at"])) <= time.time() for line in lines)


def test_bytes_of_any_encoding_are_kept_as_they_came(sink: SmtpSink) -> None:
    content = b"Message-ID: <\xff\xe9@x>\r\nSubject: \xe9\xff\r\n\r\nisi \xfe\xff\x80\r\n"
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("a@example.org", ["b@example.org"], content)
        client.sendmail("a@example.org", ["büro@example.org"], content, ["SMTPUTF8"])
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("a@example.org", ["b@example.org"], b"x" * (25 * 1024 * 1024 + 1))
    files = list(sink.directory.glob("*.eml"))
    assert [file.read_bytes() for file in files] == [content, content]
    assert [line["to"] for line in accepted(sink.directory)] == [
        ["b@example.org"],
        ["büro@example.org"],
    ]


def test_a_slow_server_takes_its_time(tmp_path: Path) -> None:
    sink = SmtpSink(tmp_path / "mail", faults=Faults(delay_ms=300))
    sink.start()
    try:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            began = time.monotonic()
            client.send_message(mail("<pelan@example.org>"))
        assert time.monotonic() - began >= 0.3
    finally:
        sink.stop()


def test_the_sink_is_a_command_that_a_supervisor_runs(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    port, directory = free_port(), tmp_path / "mail"
    options = ["--port", str(port), "--directory", str(directory), "--delay-ms", "1"]
    command = [sys.executable, "-m", "shared.local.smtp_sink", *options]
    supervisor.start(ManagedProcess("sink", command, tmp_path / "sink.log"))
    eventually(lambda: not is_free(port))
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(mail("<perintah@example.org>"))
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 5, "it has to end by SIGTERM, not by SIGKILL"
    assert len(accepted(directory)) == 1
    assert (tmp_path / "sink.log").read_text() == ""


def family(tmp_path: Path, name: str = "family") -> ManagedProcess:
    """A parent whose child outlives it; the child's number is the last line of the log."""
    command = ["sh", "-c", "sleep 600 & echo $!; wait"]
    return ManagedProcess(name, command, tmp_path / f"{name}.log")


def born(process: ManagedProcess, count: int) -> int:
    """Wait for the count-th child; return its process id."""

    def lines() -> list[str]:
        return process.log_file.read_text().splitlines() if process.log_file.exists() else []

    eventually(lambda: len(lines()) == count)
    return int(lines()[-1])


def test_a_killed_child_is_started_again_and_its_orphans_are_not_left(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    process = family(tmp_path)
    supervisor.start(process)
    orphan, parent = born(process, 1), supervisor.pid("family")
    supervisor.kill("family", signal.SIGKILL)
    second = born(process, 2)
    assert gone(orphan)
    assert not gone(second)
    eventually(lambda: supervisor.pid("family") not in (None, parent))
    assert supervisor.alive() == {"family"}


def test_a_child_that_keeps_dying_is_given_more_and_more_time(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    log_file = tmp_path / "log"
    command = [sys.executable, "-c", "import time; print(time.monotonic(), flush=True); 1/0"]
    supervisor.start(ManagedProcess("failing", command, log_file))

    def births() -> list[float]:
        return [float(line) for line in log_file.read_text().splitlines() if line[0].isdigit()]

    eventually(lambda: len(births()) == 4)
    times = births()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap > least for gap, least in zip(gaps, (0.2, 0.4, 0.8), strict=True))
    supervisor.stop()


def test_stop_leaves_no_process(supervisor: Supervisor, tmp_path: Path) -> None:
    first, last = family(tmp_path, "first"), family(tmp_path, "last")
    ignore_the_signal = "trap '' TERM; echo $$; while :; do sleep 600; done"
    deaf = ManagedProcess("deaf", ["sh", "-c", ignore_the_signal], tmp_path / "deaf.log")
    for process in (first, deaf, last):
        supervisor.start(process)
    orphans = [born(process, 1) for process in (first, deaf, last)]
    with pytest.raises(ValueError, match="already supervised"):
        supervisor.start(first)
    leaders = [supervisor.pid(name) for name in ("first", "deaf", "last")]
    supervisor.stop(grace=0.5)
    assert all(gone(pid) for pid in [*orphans, *leaders] if pid)
    assert supervisor.alive() == set()
    processes = list(psutil.process_iter())
    assert not any(_is_member(p, leader) for leader in leaders if leader for p in processes)


def test_a_process_gets_its_environment_and_folder_and_default_signals(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    command = ["sh", "-c", "echo $CITY; pwd; grep -E 'Sig(Ign|Blk)' /proc/self/status; sleep 600"]
    log_file = tmp_path / "log"
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    try:
        supervisor.start(
            ManagedProcess("p", command, log_file, env={"CITY": "Ternate"}, cwd=tmp_path)
        )
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    eventually(lambda: len(log_file.read_text().splitlines()) >= (4 if LINUX else 2))
    city, folder, *signals = log_file.read_text().splitlines()
    assert (city, folder) == ("Ternate", str(tmp_path))
    # The C library keeps 32 and 33 to itself: whoever started us may have ignored those for good.
    settable = sum(1 << (number - 1) for number in signal.valid_signals())
    held_back = {line: hex(int(line.split()[1], 16) & settable) for line in signals}
    assert set(held_back.values()) <= {"0x0"}, held_back


@pytest.mark.skipif(not LINUX, reason="only Linux tells a child that its parent died")
def test_a_killed_supervisor_leaves_no_child(tmp_path: Path) -> None:
    script = """
import sys, threading
from pathlib import Path
from shared.local.processes import ManagedProcess, Supervisor, _is_member
supervisor = Supervisor()
for name in ("one", "two"):
    supervisor.start(ManagedProcess(name, ["sleep", "600"], Path(sys.argv[1]) / name))
print(supervisor.pid("one"), supervisor.pid("two"), flush=True)
threading.Event().wait()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    eventually(lambda: all(map(gone, pids)))
