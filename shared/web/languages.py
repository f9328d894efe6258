"""Indonesian is the language of the source; English comes from catalogues compiled at start."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import extract
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

from shared.web.formats import Language

COOKIE = "lang"
LOCALE = Path(__file__).parent / "locale"
LANGUAGES: dict[str, Language] = {"id": "id", "en": "en"}
# `in` is what Java and old Android phones still call Indonesian.
SPOKEN: dict[str, Language] = LANGUAGES | {"in": "id"}
EXTRACTORS = [("**.py", "python"), ("**/templates/**", "jinja2.ext:babel_extract")]
JINJA_OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}

Text = tuple[str, str | None]
"""A source text and its context, if it has one."""


def choose_language(request: Request) -> Language:
    """`?lang=`, then the cookie, then what the browser prefers, then Indonesian."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return LANGUAGES[wish]
    return _preferred(request.headers.get("accept-language", ""))


def _preferred(header: str) -> Language:
    best: Language = "id"
    highest = 0.0
    for entry in header.split(","):
        tag, _, quality = entry.strip().partition(";q=")
        language = SPOKEN.get(tag.partition("-")[0].lower())
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if language and weight > highest:
            best, highest = language, weight
    return best


def translations(language: Language, folders: Iterable[Path] = (LOCALE,)) -> NullTranslations:
    """The catalogues of all folders as one; a later folder wins over an earlier one.

    A folder may have several, such as `en.po` and `en-desk.po`.
    """
    if language == "id":
        return NullTranslations()
    merged = Translations()
    for path in (path for folder in folders for path in _files(folder, language)):
        compiled = BytesIO()
        write_mo(compiled, _catalogue(path, language))
        compiled.seek(0)
        merged.merge(Translations(compiled))
    return merged


def gettext_noop(message: str) -> str:
    """Marks a text for the catalogue where no reader is known yet: import it as `_`."""
    return message


def untranslated(paths: Iterable[Path]) -> set[str]:
    """The texts below these folders (`templates/` and Python files) that have no English.

    Counts as English: what stands in a catalogue of `shared/web` or in `locale/en*.po` of one of
    the folders, is not fuzzy, and keeps the placeholders of its source.
    """
    folders = list(paths)
    english: set[Text] = set()
    for locale in {LOCALE, *(folder / "locale" for folder in folders)}:
        for path in _files(locale, "en"):
            english |= _finished(_catalogue(path, "en"))
    wanted = {text for folder in folders for text in _texts(folder)}
    return {text for text, _context in wanted - english}


def _texts(folder: Path) -> Iterator[Text]:
    options = {"**/templates/**": JINJA_OPTIONS}
    for _file, _line, message, _comments, context in extract.extract_from_dir(
        folder, EXTRACTORS, options
    ):
        yield _source(message), context


def _finished(catalogue: Catalog) -> set[Text]:
    return {
        (_source(message.id), message.context)
        for message in catalogue
        if message.id
        and not message.fuzzy
        and all([message.string] if isinstance(message.string, str) else message.string or [""])
        and not message.check(catalogue)
    }


def _source(message: str | Iterable[str]) -> str:
    return message if isinstance(message, str) else next(iter(message))


def _files(folder: Path, language: str) -> list[Path]:
    return sorted(folder.glob(f"{language}*.po"))


def _catalogue(path: Path, language: Language) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)
