"""What a page hands to the form macros, and how it reads a region back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Form:
    """What was typed and what is wrong with it, both by field name.

    Errors are in the reader's language already. An error under the empty name belongs to the
    whole form: the error summary shows it without a link.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def chosen_region(codes: Iterable[str]) -> str:
    """The deepest region that was chosen, or an empty string.

    `region_field` sends the same name once per list (province, kab/kota, ...), or once in all when
    the picker script runs. A list further down that no longer fits the one above it, because
    somebody went back and changed the province, does not count.
    """
    chosen = ""
    for code in filter(None, codes):
        if chosen and not code.startswith(f"{chosen}."):
            break
        chosen = code
    return chosen
