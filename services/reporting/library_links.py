"""Signed links to a library's own page, for those who have no account.

Who holds the link reports for the library, as who holds its key opens its door. It lives half a
year, and all links of a library are revoked at once by raising its `link_version`. A link that was
given out before its library was merged opens the one that it became, and ends with that one's.
"""

import json
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting import libraries
from services.reporting.libraries import LibraryNotFound
from services.reporting.models import Library
from services.reporting.resources import own_page_links
from services.reporting.settings import settings
from shared.security import BadLink, Caller

DAYS = 180
_MOST_MERGES = 20  # a library that became another that became another


def link(session: Session, library: Library) -> str:
    """An absolute address that opens the library's own page for `DAYS` days."""
    library = successor(session, library)
    value = json.dumps([str(library.id), library.link_version])
    token = own_page_links.sign(value, seconds=DAYS * 24 * 3600)
    return f"{settings().base_url}/reporting/own/l/{token}"


def follow(session: Session, token: str) -> Library:
    """The library that a link opens. Raises `BadLink` when it is forged, over or revoked."""
    library_id, version = json.loads(own_page_links.read(token))
    library = session.get(Library, UUID(library_id))
    if library is None or library.link_version != version:
        raise BadLink
    return successor(session, library)


def of_account(session: Session, caller: Caller) -> Library:
    """The library that an account reports for. Raises `LibraryNotFound`."""
    library = session.get(Library, UUID(caller.library)) if caller.library else None
    if library is None:
        raise LibraryNotFound(caller.library)
    return successor(session, library)


def find(session: Session, caller: Caller, library_id: UUID) -> Library:
    """The library that a link would open, if it lies in the caller's region.

    Raises `LibraryNotFound`.
    """
    library = session.get(Library, library_id)
    if library is None:
        raise LibraryNotFound(library_id)
    return libraries.find(session, caller, successor(session, library).id)


def revoke(session: Session, caller: Caller, library_id: UUID) -> None:
    """Void every link that was given out, also to those that it came of.

    Raises `LibraryNotFound`.
    """
    session.execute(_REVOKE, {"id": find(session, caller, library_id).id})


_REVOKE = text("""
    WITH RECURSIVE one AS (
        SELECT CAST(:id AS uuid) AS id
        UNION SELECT library.id FROM library JOIN one ON library.merged_into = one.id)
    UPDATE library SET link_version = link_version + 1 WHERE id IN (SELECT id FROM one)""")


def successor(session: Session, library: Library) -> Library:
    """What comes for a merged library is for the one that it became."""
    for _ in range(_MOST_MERGES):
        following = library.merged_into and session.get(Library, library.merged_into)
        if not following:
            break
        library = following
    return library
