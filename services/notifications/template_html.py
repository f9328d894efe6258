"""What HTML a wording may hold: text and its marks, tables, and links to the web or a mailbox.

A list of what is possible: what mail programs and our preview do with all the rest, nobody knows.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

_TAGS = frozenset(
    {"a", "b", "blockquote", "br", "div", "em", "h1", "h2", "h3", "hr", "i", "li", "ol", "p"}
    | {"small", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"}
)
_ATTRIBUTES = frozenset(
    {"align", "border", "cellpadding", "cellspacing", "class", "colspan", "dir", "height", "href"}
    | {"lang", "role", "rowspan", "style", "title", "valign", "width"}
)
_ADDRESS = re.compile(r"(https?://|mailto:)[^\s\x00-\x20]+", re.IGNORECASE)
_STYLE = re.compile(r"[\w\s#%.,:;()'!/-]*")
_LOADS = re.compile(r"url\s*\(|expression|import|/\*", re.IGNORECASE)


def faults(pieces: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The line of each thing that is not possible, and what it is. `pieces`: lines and texts."""
    reader = _Reader()
    reader.feed("".join(text for _, text in pieces))
    reader.close()
    lines = _lines(pieces)
    for place, detail in reader.found:
        yield lines[min(place, len(lines)) - 1], detail


def _lines(pieces: list[tuple[int, str]]) -> list[int]:
    """For each line of the whole, the line of the source that it begins in."""
    found = [pieces[0][0] if pieces else 1]
    for line, text in pieces:
        found += [line + number for number in range(1, text.count("\n") + 1)]
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self._add(f"<{tag}>")
        for name, value in attrs:
            if name not in _ATTRIBUTES or not _may_be(name, value or ""):
                self._add(f"{name}={value or ''}")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _TAGS:
            self._add(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if "<" in data:  # a tag that is not closed, or a sign that should be &lt;
            self._add("<")

    def handle_comment(self, data: str) -> None:
        self._add(f"<!--{data[:20]}")

    def handle_decl(self, decl: str) -> None:
        self._add(f"<!{decl[:20]}")

    def handle_pi(self, data: str) -> None:
        self._add(f"<?{data[:20]}")

    def unknown_decl(self, data: str) -> None:
        self._add(f"<![{data[:20]}")

    def _add(self, detail: str) -> None:
        self.found.append((self.getpos()[0], detail))


def _may_be(name: str, value: str) -> bool:
    if name == "href":
        return bool(_ADDRESS.fullmatch(value))
    if name == "style":
        return bool(_STYLE.fullmatch(value)) and not _LOADS.search(value)
    return True
