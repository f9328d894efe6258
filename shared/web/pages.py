"""Renders templates of one service as pages of the one site, in the reader's language."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.web import assets, formats
from shared.web.formats import Language
from shared.web.forms import UPLOAD_LIMIT
from shared.web.languages import COOKIE, LANGUAGES, LOCALE, choose_language, translations

TEMPLATES = Path(__file__).parent / "templates"
ONE_YEAR = 365 * 24 * 3600
FILTERS = ("date", "date_range", "time", "moment", "month", "number", "rupiah")
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # A page may show a name, so no cache between us and the reader may keep it.
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Language, Cookie",
}
NOT_STORED = "private, no-store"  # nor may the browser show it after signing out


class Pages:
    """The templates in one folder, on top of the shared ones, in Indonesian and English.

    Texts in templates are Indonesian. English comes from the shared catalogue and `en.po` in each
    of `catalogue_dirs`; by default that is `locale` beside the template folder, if it exists.
    """

    def __init__(self, templates: Path, catalogue_dirs: Sequence[Path] | None = None) -> None:
        beside = templates.parent / "locale"
        if catalogue_dirs is None:
            catalogue_dirs = [beside] if beside.exists() else []
        folders = [LOCALE, *catalogue_dirs]
        self._translations = {
            language: translations(language, folders) for language in LANGUAGES.values()
        }
        self._environments = {
            language: self._environment(templates, language) for language in LANGUAGES.values()
        }

    def render(
        self, request: Request, template: str, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """The page, with security headers; `?lang=` is remembered for a year.

        Every template also knows `lang`, `static(name)`, `upload_limit` in bytes, and
        `person`: who is signed in, or None.
        `form_token`, given here or as `request.state.form_token`, guards the sign-out form.
        """
        language = choose_language(request)
        shown = {
            "request": request,
            "person": _person(request),
            "form_token": getattr(request.state, "form_token", ""),
            "language_url": partial(_language_url, request),
        }
        html = self._environments[language].get_template(template).render(shown | context)
        response = HTMLResponse(html, status, PAGE_HEADERS | {"Content-Language": language})
        if shown["person"]:
            response.headers["Cache-Control"] = NOT_STORED
        if "lang" in request.query_params:
            secure = request.url.scheme == "https"
            response.set_cookie(COOKIE, language, ONE_YEAR, secure=secure, samesite="lax")
        return response

    def gettext(self, request: Request) -> Callable[[str], str]:
        """The reader's translator, for texts that Python decides: `_ = pages.gettext(request)`."""
        return self._translations[choose_language(request)].gettext

    def bilingual(self, text: str) -> str:
        """A text in both languages, for an answer to a program whose reader we do not know."""
        return f"{text} / {self._translations['en'].gettext(text)}"

    def _environment(self, templates: Path, language: Language) -> Environment:
        environment = Environment(
            loader=FileSystemLoader([templates, TEMPLATES]),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.policies["ext.i18n.trimmed"] = True
        # The extension adds this method to the environment, where no type checker can see it.
        install: Callable[..., None] = environment.install_gettext_translations  # type: ignore[attr-defined]
        install(self._translations[language], newstyle=True)
        # One environment per language, so that imported macros, which see no context, know both.
        environment.globals |= {
            "lang": language,
            "static": assets.static,
            "upload_limit": UPLOAD_LIMIT,
        }
        for name in FILTERS:
            environment.filters[name] = partial(getattr(formats, name), lang=language)
        return environment


def _person(request: Request) -> Any:
    caller = getattr(request.state, "caller", None)
    return None if caller is None or caller.is_anonymous else caller


def _language_url(request: Request, language: Language) -> str:
    kept = [item for item in request.query_params.multi_items() if item[0] != "lang"]
    return "?" + urlencode([*kept, ("lang", language)])
