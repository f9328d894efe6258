"""One front door: the services under their prefixes, shared files under /static, home at /.

The gateway of docker-compose.yml gives the same addresses, with each service in its own container.
"""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web import static_app

HOME = "/registration/home"


def front_door(apps: Mapping[str, ASGIApp]) -> ASGIApp:
    """Mount each application under its service's name."""
    mounts = [Mount(f"/{name}", app) for name, app in apps.items()]
    inside = Starlette(routes=[*mounts, Mount("/static", static_app())])

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            scope = {**scope, "path": HOME, "raw_path": HOME.encode()}
        await inside(scope, receive, send)

    return door
