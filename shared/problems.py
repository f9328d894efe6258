"""Errors over HTTP: problem details (RFC 9457) for programs, a page for people."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from shared.security import RENEW, SessionStale
from shared.web import Pages
from shared.web.errors import explain
from shared.web.languages import gettext_noop as _
from shared.web.languages import translations

_INDONESIAN = translations("id").gettext
_ENGLISH = translations("en").gettext

STATUSES: dict[int, tuple[str, str]] = {
    400: ("bad-request", _("Permintaan ini tidak dapat dibaca.")),
    401: ("unauthenticated", _("Silakan masuk lebih dahulu.")),
    403: ("forbidden", _("Akun ini tidak berhak membuka halaman itu.")),
    404: ("not-found", _("Halaman atau data ini tidak ada. Periksa alamatnya.")),
    405: ("method-not-allowed", _("Cara ini tidak tersedia di alamat ini.")),
    409: ("conflict", _("Keadaannya sekarang tidak mengizinkan itu.")),
    413: ("too-large", _("Kiriman ini terlalu besar.")),
    415: ("unsupported-media-type", _("Bentuk kiriman ini tidak dikenal di alamat ini.")),
    422: ("validation", _("Ada isian yang perlu diperbaiki.")),
    429: ("too-many-requests", _("Terlalu banyak permintaan. Tunggu sebentar, lalu coba lagi.")),
    500: ("error", _("Terjadi kesalahan di pihak kami. Coba lagi sebentar lagi.")),
}


TYPE = "urn:sejawat:problem:"  # names a kind of problem wherever the site runs


class Problem(Exception):
    """A refusal. `code` is a stable name that programs may rely on, `detail` is for people."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.more = more

    def response(self) -> JSONResponse:
        """The answer for a program."""
        body = {
            "type": f"{TYPE}{self.code}",
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        return JSONResponse(body | self.more, self.status, media_type="application/problem+json")


class TooMany(Exception):
    """Somebody tries too often (`shared.limits`); 429 everywhere. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"again in {retry_after} s")
        self.retry_after = retry_after


# A domain's no -> the status that it is. One table per service, in its app.py.
Refusals = Mapping[type[Exception], Callable[[Any], Problem]]


def status_problem(status: int, **more: Any) -> Problem:
    """The problem that a bare HTTP status stands for, told in both languages."""
    code, detail = STATUSES.get(status, STATUSES[500])
    return Problem(status, code, f"{detail} / {_ENGLISH(detail)}", **more)


def add_problem_details(app: FastAPI, pages: Pages, refusals: Refusals) -> None:
    """Answer every error under /api as problem details, and every other as a page."""

    def tell(request: Request, problem: Problem) -> Response:
        if "/api/" in request.url.path or request.url.path.endswith(("/metrics", "/ready")):
            return problem.response()
        if problem.status == 401:
            return RedirectResponse(f"/registration/sign-in?next={request.url.path}", 303)
        _code, detail = STATUSES.get(problem.status, STATUSES[500])
        text = detail if problem.code in {code for code, _ in STATUSES.values()} else problem.detail
        return pages.render(
            request, "error.html", problem.status, text=text, too_large=problem.status == 413
        )

    def invalid(request: Request, error: Exception) -> Response:
        fields = [_field(item) for item in getattr(error, "errors", list)()]
        return tell(request, status_problem(422, errors=fields))

    def http_error(request: Request, error: Exception) -> Response:
        response = tell(request, status_problem(getattr(error, "status_code", 500)))
        response.headers.update(getattr(error, "headers", None) or {})
        return response

    def too_many(request: Request, error: Exception) -> Response:
        seconds = getattr(error, "retry_after", 1)
        response = tell(request, status_problem(429, retry_after=seconds))
        response.headers["Retry-After"] = str(seconds)
        return response

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(SessionStale, lambda request, _: _to_renewal(request))
    app.add_exception_handler(TooMany, too_many)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, lambda request, _: tell(request, status_problem(500)))
    for refusal, problem in refusals.items():
        app.add_exception_handler(
            refusal, lambda request, error, problem=problem: tell(request, problem(error))
        )


def _to_renewal(request: Request) -> Response:
    """By way of the next token to the same address: with 307 a browser sends its body again."""
    query = request.scope["query_string"].decode("latin-1")
    onward = urlencode({"next": quote(request.scope["path"]) + (f"?{query}" if query else "")})
    return RedirectResponse(f"{RENEW}?{onward}", 307, {"Cache-Control": "no-store"})


def _field(item: Mapping[str, Any]) -> dict[str, str]:
    return {
        # Of JSON that cannot be read, the place is a count of signs and no field.
        "field": "" if item["type"] == "json_invalid" else ".".join(map(str, item["loc"][1:])),
        "code": item["type"],
        "message": explain(item, _INDONESIAN),
        "message_en": explain(item, _ENGLISH),
    }
