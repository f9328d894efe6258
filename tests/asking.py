"""Ask an application in this process, as a client at some address does."""

from typing import Any

import anyio
import httpx
from starlette.types import ASGIApp


def ask(
    app: ASGIApp, method: str, path: str, *, caller: str = "203.0.113.7", **options: Any
) -> httpx.Response:
    """One request; `options` are httpx's. An iterator as `content` has to be asynchronous."""

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(caller, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return anyio.run(answer)
