"""One front door: the services under their prefixes, shared files under /static, home at /.

The gateway of docker-compose.yml gives the same addresses, with each service in its own container.
"""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.problems import STATUSES, status_problem
from shared.web import Pages, static_app
from shared.web.pages import TEMPLATES

HOME = "/registration/home"


def front_door(apps: Mapping[str, ASGIApp]) -> ASGIApp:
    """Mount each application under its service's name."""
    mounts = [Mount(f"/{name}", app) for name, app in apps.items()]
    pages = Pages(TEMPLATES)

    def unknown(request: Request, _error: Exception) -> Response:
        if "/api/" in request.url.path:  # such as a name with a line end, which no mount takes
            return status_problem(404).response()
        return pages.render(request, "error.html", 404, text=STATUSES[404][1])

    inside = Starlette(
        routes=[*mounts, Mount("/static", static_app())], exception_handlers={404: unknown}
    )

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            scope = {**scope, "path": HOME, "raw_path": HOME.encode()}
        await inside(scope, receive, partial(_send_inside, scope, send))

    return door


async def _send_inside(scope: Scope, send: Send, message: Message) -> None:
    """Let a redirect that repeats the Host header, which anybody may have made up, be a path."""
    if message["type"] == "http.response.start" and message["status"] == 307:
        told = MutableHeaders(scope=message)
        host = Headers(scope=scope).get("host", "")
        target = urlsplit(told.get("location", ""))
        if target.netloc and target.netloc == host:
            told["location"] = target._replace(scheme="", netloc="").geturl()
    await send(message)
