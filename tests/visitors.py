"""A browser at registration alone, in the test's own process."""

from typing import Any

import anyio
import httpx
from sites import form_token

SIGN_IN = "/registration/sign-in"


class Visitor:
    """Keeps cookies as a browser does; follows redirects only when told to."""

    def __init__(self) -> None:
        from services.registration.app import standalone  # its settings come from the fixture

        self._transport = httpx.ASGITransport(standalone)
        self.cookies = httpx.Cookies()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.send("POST", path, **options)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://test", cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **options)
                self.cookies = client.cookies
                return answer

        return anyio.run(send)

    def submit(self, page: str, to: str = "", /, **fields: Any) -> httpx.Response:
        """Open a page and send its form, with these fields, to itself or to another address."""
        token = form_token(self.get(page).text)
        return self.post(to or page, data=fields | {"form_token": token})

    def sign_in(self, email: str, password: str, **fields: str) -> httpx.Response:
        """By the page's own form."""
        return self.submit(SIGN_IN, email=email, password=password, **fields)
