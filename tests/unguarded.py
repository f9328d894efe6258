"""The control of a race: the same statements, but without what guards them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from shared.database import Database


@contextmanager
def unguarded(database: Database, guard: str) -> Iterator[None]:
    """Leave out whatever the pattern `guard` finds in a statement on its way to the database."""
    pattern, removed = re.compile(guard), 0

    def disarm(  # what SQLAlchemy hands to this event
        _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        nonlocal removed
        disarmed, found = pattern.subn("", statement)
        removed += found
        return disarmed, parameters

    event.listen(database.engine, "before_cursor_execute", disarm, retval=True)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", disarm)
    assert removed
