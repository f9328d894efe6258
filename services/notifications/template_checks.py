"""Whether a template may be published: everything that could go wrong in a mail, found before.

What may stand in a part is a list of what is possible, not of what is forbidden: a wording prints
values, decides and repeats. The sandbox holds anyway; this says no in words, with a line.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateSyntaxError, UndefinedError, meta, nodes

from services.notifications import segments, template_html, template_shapes
from services.notifications.contents import (
    FAILURES,
    FILES,
    LANGUAGES,
    PARTS,
    Slot,
    Wording,
    base,
    file_name,
    pieces,
    sample,
)
from services.notifications.providers.base import Channel
from services.notifications.rules import ALL
from shared.web import gettext_noop as _
from shared.web.formats import Language

MOST = 20_000  # characters of one part
SMS_PARTS = 3  # from here on it costs more than a mail is worth
WHATSAPP_MOST = 1024  # characters of the body of a template, says Meta

MESSAGES: dict[str, str] = {
    "missing": _("Bagian ini masih kosong."),
    "long": _("Bagian ini lebih dari {most} huruf."),
    "syntax": _("Baris ini tidak dapat dibaca sebagai templat: {detail}"),
    "forbidden": _("Ini tidak boleh dipakai di templat: {detail}"),
    "unescaped": _(
        "Isian tidak boleh dipasang mentah (safe): orang dapat menulis HTML di dalamnya."
    ),
    "undeclared": _("Isian {name} tidak ada untuk templat ini. Yang ada: {known}."),
    "undefined": _("Isian ini tidak ada di data contoh: {detail}"),
    "fails": _("Bagian ini gagal diisi dengan data contoh: {detail}"),
    "subject_lines": _("Subjek harus satu baris."),
    "subject_empty": _("Subjek kosong bila diisi dengan data contoh."),
    "frame": _('HTML harus dimulai dengan {% extends "layout.html" %}.'),
    "plain": _("Di teks WhatsApp hanya boleh ada teks dan isian seperti {{ name }}."),
    "edge": _("Teks WhatsApp tidak boleh diawali atau diakhiri isian: Meta menolaknya."),
    "whatsapp_long": _("Teks WhatsApp lebih dari {most} huruf: Meta menolaknya."),
    "sms_parts": _("SMS ini menjadi {parts} bagian; setiap bagian dibayar."),
    "sms_signs": _("Ada huruf di luar abjad SMS biasa, jadi satu SMS hanya memuat 70 huruf."),
    "link_lost": _("Isian {name} ada di bagian aslinya, tetapi tidak di sini."),
    "purpose_lost": _("Tanpa isian {name} pesan ini tidak ada gunanya bagi penerimanya."),
}
WARNINGS = {"sms_parts", "sms_signs", "link_lost"}

_ALWAYS = {"lang", "preferences", "replies", "loop", "self"}
# What Jinja and Python's own compiler say to a draft that is too much for them.
_TOO_MUCH = (SyntaxError, RecursionError, MemoryError, OverflowError)
_NEEDED = re.compile(r"(^|_)links?$|^code$")
_LINK = re.compile(r"(^|_)links?$")
_CODES = {rule.template for rule in ALL if rule.work_class == "code"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a part: its file's name and line (0: the part as a whole)."""

    part: str
    line: int
    code: str
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_warning(self) -> bool:
        """It can be published all the same."""
        return self.code in WARNINGS

    def said(self, say: Callable[[str], str]) -> str:
        """In the words of a reader; `say` translates from Indonesian."""
        text = say(MESSAGES[self.code])
        for name, value in self.details.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def check(template: str, parts: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the parts of a template, in their order. Raises `TemplateNotFound`.

    Nothing is filled in before all of it is found to be harmless.
    """
    found = [problem for name in FILES for problem in _read(template, name, parts.get(name, ""))]
    if not any(not problem.is_warning for problem in found):
        for language in LANGUAGES:
            found += _filled(template, Wording(parts), language)
    return sorted(found, key=lambda problem: FILES.index(problem.part))


def errors(found: list[Problem]) -> list[Problem]:
    """Those that stand in the way."""
    return [problem for problem in found if not problem.is_warning]


def _read(template: str, name: str, source: str) -> Iterator[Problem]:
    """What can be seen in the source alone."""
    part, language, _kind = name.split(".")
    if not source.strip():
        yield Problem(name, 0, "missing")
        return
    if len(source) > MOST:
        yield Problem(name, 0, "long", {"most": str(MOST)})
        return
    if part == "subject" and "\n" in source.strip():
        yield Problem(name, 2, "subject_lines")
    original = base(template)
    try:
        tree = original.environment.parse(source, name)
        used = meta.find_undeclared_variables(tree)  # compiles it, and so finds a little more
        values = sample(template, "en" if language == "en" else "id")
        yield from _judged_source(name, tree, used, values)
    except TemplateSyntaxError as error:
        yield Problem(name, error.lineno, "syntax", {"detail": str(error.message)})
        return
    except _TOO_MUCH as error:
        yield Problem(name, 0, "syntax", {"detail": type(error).__name__})
        return
    kept = original.environment.parse(original.parts[name], name)
    had = set(filter(_NEEDED.search, meta.find_undeclared_variables(kept)))
    for one in sorted(had - used):
        code = "purpose_lost" if _is_purpose(template, part, one, used) else "link_lost"
        yield Problem(name, 0, code, {"name": one})


def _is_purpose(template: str, part: str, lost: str, used: set[str]) -> bool:
    """Whether a part is no use without a value that it lost: its code, or the last of its links.

    A subject alone is not read. What is a code elsewhere only names a registration.
    """
    if part == "subject":
        return False
    return template in _CODES if lost == "code" else not any(map(_LINK.search, used))


def _judged_source(
    name: str, tree: nodes.Template, used: set[str], values: Mapping[str, Any]
) -> Iterator[Problem]:
    yield from _names(name, tree, used, set(values))
    if name.startswith("whatsapp."):
        yield from _whatsapp(name, tree)
    elif name.startswith("html."):
        yield from _possible(name, tree, values, frame=True)
        if not tree.body or not any(isinstance(node, nodes.Extends) for node in tree.body):
            yield Problem(name, 1, "frame")
    else:
        yield from _possible(name, tree, values, frame=False)


def _names(name: str, tree: nodes.Template, used: set[str], known: set[str]) -> Iterator[Problem]:
    for one in sorted(used - known - _ALWAYS - _macros(tree)):
        line = min(node.lineno for node in tree.find_all(nodes.Name) if node.name == one)
        details = {"name": one, "known": ", ".join(sorted(known))}
        yield Problem(name, line, "undeclared", details)


def _macros(tree: nodes.Template) -> set[str]:
    return {str(name) for each in tree.find_all(nodes.FromImport) for name in each.names}


def _possible(
    name: str, tree: nodes.Template, values: Mapping[str, Any], *, frame: bool
) -> Iterator[Problem]:
    """What stands in any branch, also in those that the sample does not take."""
    seen = template_shapes.walk(tree, values, frame=frame)
    for fault in seen.faults:
        details = {"detail": fault.detail} if fault.detail else {}
        yield Problem(name, fault.line, fault.code, details)
    if frame:
        for block in seen.blocks:
            for line, detail in template_html.faults(block):
                yield Problem(name, line, "forbidden", {"detail": detail})


def _whatsapp(name: str, tree: nodes.Template) -> Iterator[Problem]:
    try:
        found = pieces(tree)
    except TemplateSyntaxError as error:
        yield Problem(name, error.lineno, "plain")
        return
    if isinstance(found[0], Slot) or isinstance(found[-1], Slot):
        yield Problem(name, 0, "edge")
    if len(numbered(found)) > WHATSAPP_MOST:
        yield Problem(name, 0, "whatsapp_long", {"most": str(WHATSAPP_MOST)})


def numbered(found: list[str | Slot]) -> str:
    """A WhatsApp text as Meta wants to approve it: `{{1}}`, `{{2}}` in place of the slots."""
    text, number = "", 0
    for piece in found:
        if isinstance(piece, Slot):
            number += 1
            text += f"{{{{{number}}}}}"
        else:
            text += piece
    return text


def _filled(template: str, wording: Wording, language: Language) -> Iterator[Problem]:
    """What is seen once the parts are filled with the sample."""
    values = sample(template, language)
    for part in PARTS:
        name = file_name(part, language)
        try:
            text = _fill(wording, part, language, values)
        except UndefinedError as error:
            yield Problem(name, 0, "undefined", {"detail": str(error)})
        except (*FAILURES, *_TOO_MUCH) as error:
            yield Problem(name, 0, "fails", {"detail": str(error) or type(error).__name__})
        else:
            yield from _judged(part, name, text)


def _fill(wording: Wording, part: str, language: Language, values: dict[str, Any]) -> str:
    channels: dict[str, Channel] = {"sms": "sms", "whatsapp": "whatsapp"}
    if part in channels:
        return wording.render(channels[part], language, values).text
    return wording.part(part, language, values)


def _judged(part: str, name: str, text: str) -> Iterator[Problem]:
    if part == "subject" and not text.strip():
        yield Problem(name, 0, "subject_empty")
    if part == "sms":
        counted = segments.count(text)
        if counted.parts > SMS_PARTS:
            yield Problem(name, 0, "sms_parts", {"parts": str(counted.parts)})
        if counted.encoding == "ucs-2":
            yield Problem(name, 0, "sms_signs")
