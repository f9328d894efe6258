from uuid import UUID


def to_uuid(said: object) -> UUID | None:
    """An id from an address, a form or another system, if it is one."""
    try:
        return UUID(str(said))
    except ValueError:
        return None
