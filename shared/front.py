"""One front door: the services under their prefixes, shared files under /static, home at /.

The gateway of docker-compose.yml gives the same addresses, with each service in its own container.
"""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.problems import STATUSES
from shared.web import Pages, static_app
from shared.web.pages import TEMPLATES

HOME = "/registration/home"


def front_door(apps: Mapping[str, ASGIApp]) -> ASGIApp:
    """Mount each application under its service's name."""
    mounts = [Mount(f"/{name}", app) for name, app in apps.items()]
    pages = Pages(TEMPLATES)

    def unknown(request: Request, _error: Exception) -> Response:
        return pages.render(request, "error.html", 404, text=STATUSES[404][1])

    inside = Starlette(
        routes=[*mounts, Mount("/static", static_app())], exception_handlers={404: unknown}
    )

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            scope = {**scope, "path": HOME, "raw_path": HOME.encode()}
        await inside(scope, receive, send)

    return door
