"""Rows as the database writes them: none is a formula, and few have to be looked at one by one."""

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from services.reporting.documents.common import csv_text
from services.reporting.extracts import checked, guarded, plain

CELLS = st.lists(
    st.text(st.sampled_from("ab1=+-@;,\t\n\r\" '\x00\x1f\x7f\xa0\xad\u200b\uff1d"), max_size=8)
    | st.text(max_size=8)
)


def row(cells: list[str]) -> bytes:
    """As COPY writes it."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode(errors="replace")


def read(rows: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(rows.decode(), newline="")))


@given(st.lists(CELLS.map(row), max_size=3).map(b"".join))
@example(b"=1+1\n")
@example(b'a,"x; @SUM(1)"\n')
@example(b"a\n -5\n")
@example(b'"\n"\n')
@example(b'a,"\nb"\n')
def test_what_is_taken_for_plain_has_nothing_to_be_guarded(rows: bytes) -> None:
    if plain(rows):
        assert read(guarded(rows)) == read(rows)
    for cells in read(guarded(rows)):
        assert [csv_text(cell) for cell in cells] == cells


@given(CELLS.map(row))
@example(b"a,\tb\n")
def test_a_row_that_is_not_looked_at_has_nothing_to_be_guarded(line: bytes) -> None:
    assert read(checked(line)) == read(guarded(line))


def test_rows_as_most_are_are_plain() -> None:
    usual = row(["01a2-fdee", "2026-03-11", "TBM Melati", "21.01", "Kelas (contoh), 2", "24"])
    assert plain(usual * 3)
    assert not plain(usual + row(["=HYPERLINK(1)"]))
    assert not plain(usual + row(["Kelas – dua"])), "looked at by itself"
