"""How the sheets of a workbook look, and how they come out of a printer."""

from typing import Any

from rustpy_xlsxwriter import Format


def head_format() -> Format:
    """The first row, with the names of the columns."""
    head = Format().set_bold().set_text_wrap().set_align("vcenter")
    head = head.set_font_color("#0b5d5b").set_background_color("#edf3f2")
    return head.set_border_bottom("thin").set_border_bottom_color("#0b5d5b")


def page_setup(title: str, page_words: str) -> dict[str, Any]:
    """A4 landscape, as wide as the paper, the head on each page."""
    # Excel takes 255 characters of header, where "&" begins a code and "&&" is the letter
    header = title[:120].replace("&", "&&")
    return {
        "landscape": True,
        "paper_size": 9,  # A4
        "fit_to_pages": (1, 0),
        "repeat_rows": 0,
        "header": f"&L{header}",
        "footer": f"&L{page_words}",
    }
