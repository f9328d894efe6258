"""Stories to read on paper: a heading, who and where, and what changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer

from services.reporting.documents.common import Footer, Language, closing, counted
from services.reporting.documents.listing import Listing
from shared.documents.common import Progress
from shared.documents.type_setting import (
    BOLD,
    INK,
    REGULAR,
    SLATE,
    TEAL,
    printable,
    register_fonts,
)

_MARGIN = 20 * mm
_PAGE_WORDS = {"id": "Halaman {}", "en": "Page {}"}


@dataclass(frozen=True, slots=True)
class Story:
    """One story. Each part has a heading of its own; line breaks in its text stay."""

    title: str
    facts: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]


def write_stories(  # noqa: PLR0913, PLR0917 - the one shape of all writers
    path: Path,
    listing: Listing,
    stories: Iterable[Story],
    footer: Footer,
    progress: Progress,
    language: Language,
) -> int:
    """Write all stories, the document's end below the last; the number of stories."""
    register_fonts()
    styles = _styles()
    document = BaseDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=f"{listing.kind} – {listing.title}",
        creator="Sejawat",
        keywords=[footer.watermark],
        lang=language,
        initialFontName=REGULAR,
    )
    frame = Frame(_MARGIN, _MARGIN, A4[0] - 2 * _MARGIN, A4[1] - 2 * _MARGIN, 0, 0, 0, 0)

    def number(canvas: Canvas, _document: Any) -> None:
        canvas.setFont(REGULAR, 7.5)
        canvas.setFillColor(SLATE)
        words = _PAGE_WORDS[language].format(canvas.getPageNumber())
        canvas.drawString(_MARGIN, 11 * mm, printable(f"{listing.kind} – {listing.title}")[:90])
        canvas.drawRightString(A4[0] - _MARGIN, 11 * mm, words)

    document.addPageTemplates(PageTemplate(frames=[frame], onPage=number))
    told = counted(stories, footer.row_count, progress)
    document.build(list(_flow(listing, told, footer, language, styles)))
    return footer.row_count


def _flow(
    listing: Listing,
    stories: Iterator[Story],
    footer: Footer,
    language: Language,
    styles: dict[str, ParagraphStyle],
) -> Iterator[Flowable]:
    yield _words(listing.kind.upper(), styles["kind"])
    yield _words(listing.title, styles["title"])
    for label, value in listing.facts:
        yield _words(f"{label}: {value}", styles["facts"])
    if not footer.row_count:
        yield Spacer(0, 6 * mm)
        yield _words(listing.nothing, styles["text"])
    for story in stories:
        yield Spacer(0, 6 * mm)
        yield _words(story.title or listing.kind, styles["heading"])
        yield _words(" · ".join(story.facts), styles["facts"])
        for label, text in story.parts:
            yield _words(label, styles["label"])
            for line in text.splitlines():
                if line.strip():
                    yield _words(line, styles["text"])
    yield Spacer(0, 8 * mm)
    ends = closing(footer, listing.zone, language)
    yield _words(" · ".join(f"{label}: {value}" for label, value in ends), styles["end"])


def _words(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(printable(text)), style)


def _styles() -> dict[str, ParagraphStyle]:
    def style(name: str, size: float, **more: Any) -> ParagraphStyle:
        font = BOLD if more.pop("bold", False) else REGULAR
        return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.4, **more)

    return {
        "kind": style("kind", 8.5, bold=True, textColor=TEAL),
        "title": style("title", 19, bold=True, textColor=INK, spaceAfter=4),
        "heading": style("heading", 12.5, bold=True, textColor=INK, keepWithNext=1),
        "facts": style("facts", 8.5, textColor=SLATE, keepWithNext=1),
        "label": style("label", 8.5, bold=True, textColor=TEAL, spaceBefore=5, keepWithNext=1),
        "text": style("text", 9.5, textColor=INK, spaceAfter=2),
        "end": style("end", 8, bold=True, textColor=TEAL),
    }
