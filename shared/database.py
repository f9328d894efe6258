"""Open one service's own PostgreSQL database: pool, sessions, constraint names, UTC."""

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker

# Fixed names, so that a migration can drop a constraint and an error can be told by its name.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
_AFTER_COMMIT = "after_commit"


def new_metadata() -> MetaData:
    """Metadata of one service's tables, with our constraint names."""
    return MetaData(naming_convention=NAMING)


def like_literal(words: str) -> str:
    """Words for a LIKE, in which nothing is a wildcard."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def after_commit(session: Session, name: str, action: Callable[[], None]) -> None:
    """Run `action` once, when and only when the session's transaction has committed.

    Asked for twice under one name, it still runs once.
    """
    session.info.setdefault(_AFTER_COMMIT, {})[name] = action


class Database:
    """One database, opened on first use, so that a process forked before it shares no connection.

    `url` is asked once; `pool_size` is the largest number of connections of this process and
    should equal its threads.
    """

    def __init__(self, url: Callable[[], str], *, pool_size: int = 10) -> None:
        self._url = url
        self._pool_size = pool_size
        self._options = "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=60s"

    def plan_afresh(self) -> None:
        """Plan each statement for the values and tables of now; before first use, for the bus.

        A plan that PostgreSQL kept from when the outbox was empty scans it whole when it is full:
        receipts of 20,000 events took 47 s of CPU instead of one. The hot path of registering
        keeps its plan: all it touches is found by key, and planning would cost 0.8 ms each time.
        """
        self._options += " -c plan_cache_mode=force_custom_plan"

    def commit_lazily(self) -> None:
        """Let commits return before they are on disk; before first use, for the relay.

        A crash of the server may take the last half second of them away. So this is only for what
        is then done again and counts once all the same: claims and receipts of copies, and rings.
        """
        self._options += " -c synchronous_commit=off"

    @cached_property
    def engine(self) -> Engine:
        """The pool. A connection that died with a restarted server is replaced unseen."""
        engine = create_engine(
            self._url(),
            pool_size=self._pool_size,
            max_overflow=0,
            pool_use_lifo=True,  # the few that a quiet time needs stay warm
            hide_parameters=True,  # errors are logged, and parameters are people's data
            connect_args={
                "options": self._options,
                "connect_timeout": 5,
            },
        )
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _ping_after_rest)
        return engine

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """Makes sessions; `with database.sessions.begin() as session:` is one transaction."""
        maker = sessionmaker(self.engine, expire_on_commit=False)
        event.listen(maker, "after_commit", _run_actions)
        event.listen(maker, "after_rollback", _forget_actions)
        return maker

    def autocommit(self) -> Connection:
        """A connection on which each statement is its own transaction, for hot paths."""
        return self._autocommit.connect()

    @cached_property
    def _autocommit(self) -> Engine:
        return self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def transaction(self) -> Iterator[Session]:
        """FastAPI dependency: one request, one transaction.

        Use as `Depends(database.transaction, scope="function")`: with FastAPI's default scope a
        failed commit would come after the answer, and the caller would have read 200.
        """
        with self.sessions.begin() as session:
            yield session

    def raw_connection(self) -> psycopg.Connection[Any]:
        """An autocommit connection outside the pool, for LISTEN and NOTIFY."""
        url = make_url(self._url()).set(drivername="postgresql")
        return psycopg.connect(
            url.render_as_string(hide_password=False), autocommit=True, connect_timeout=5
        )


# No server restarts within a second, so a connection that was just used need not be asked whether
# it lives: that question is a third of what a hot path waits for.
_REST_S = 1.0


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _ping_after_rest(connection: Any, record: Any, _proxy: Any) -> None:
    if time.monotonic() - record.info.get("used_at", -_REST_S) < _REST_S:
        return
    try:
        autocommit, connection.autocommit = connection.autocommit, True  # or it begins something
        connection.execute("")
        connection.autocommit = autocommit
    except psycopg.Error as error:
        raise DisconnectionError from error  # the pool makes a new one, and tries again


def _run_actions(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint was released; the transaction itself is still open
    for action in session.info.pop(_AFTER_COMMIT, {}).values():
        action()


def _forget_actions(session: Session) -> None:
    session.info.pop(_AFTER_COMMIT, None)
