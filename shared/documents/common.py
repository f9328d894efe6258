"""What the papers of all services share: texts that any file can hold, and how far one is."""

from collections.abc import Callable

Progress = Callable[[int], None]
"""Hears how many are done, and may raise to stop the work."""

# Control characters (tab, line feed and carriage return stay) and lone surrogates: the first
# break paper and XML, the second cannot be written as UTF-8 at all.
_UNWRITABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160)]) | dict.fromkeys(
    range(0xD800, 0xE000), "\ufffd"
)


def clean(text: str) -> str:
    """Text without what no file can hold."""
    return text.translate(_UNWRITABLE)


def one_line(text: str) -> str:
    """Cleaned text with every run of white space made one blank."""
    return " ".join(clean(text).split())
