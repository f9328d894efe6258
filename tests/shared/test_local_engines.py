"""One machine's engines, with real PostgreSQL and Redis."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
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
from shared.local.redis import Redis

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
