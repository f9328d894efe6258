"""Style, scripts and marks under addresses that change with their content."""

import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@cache
def version(name: str) -> str:
    """Eight hex digits of the file's content. Raises FileNotFoundError for an unknown name."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:8]


def static(name: str) -> str:
    """`site.css` -> `/static/site.css?v=abcd1234`."""
    return f"{PREFIX}/{name}?v={version(name)}"


def static_app() -> ASGIApp:
    """Serve the files, gzipped; to be mounted at `/static`.

    An address with the right hash may be kept for a year; any other is asked for again each time,
    so that no old style outlives a release.
    """
    return GZipMiddleware(_Files(directory=FOLDER), minimum_size=500)


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v")
        fresh = response.status_code < 400 and asked == [version(path)]
        response.headers["Cache-Control"] = FOREVER if fresh else ASK_AGAIN
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
