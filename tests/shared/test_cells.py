"""A workbook of 2 kB that asks for 100 GB is refused before the reader makes room."""

from io import BytesIO

import pytest
from python_calamine import load_workbook
from workbooks import BARE, cell, workbook

from shared.uploads.cells import BadCells, Most, check_cells
from shared.uploads.xlsx import check_xlsx

MOST = Most(200_001, 200, area=10_000_000, cells=50_000, letters=1000)
HEAD = f'<row r="1">{cell("A1")}</row>'
ANNOUNCED = '<sst uniqueCount="4294967295"><si><t>a</t></si></sst>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (workbook(f'{HEAD}<row r="2">{BARE * 201}</row>'), "too-many-rows"),
        (workbook(f'{HEAD}<row r="200002">{BARE}</row>'), "too-many-rows"),
        (workbook(f'{HEAD}<row r="200001"/><row>{BARE}</row>'), "too-many-rows"),
        (workbook(f'{HEAD}<row r="2">{cell("GR2")}{BARE * 2}</row>'), "too-many-rows"),
        (workbook(f'{HEAD}<row r="2">{cell("A300000")}</row>', sheet="a.dat"), "too-many-rows"),
        (workbook(f"{HEAD}<row>{cell('zz200001')}</row>"), "too-many-rows"),
        (workbook(f"{HEAD}<row>{cell('AY200001')}</row>"), "too-many-rows"),
        (workbook(f"<row>{cell('A1') * 50_001}</row>"), "too-many-rows"),
        (workbook(f'<row r="-1">{BARE}</row>'), "damaged"),
        (workbook(f"<row>{cell('1A')}</row>"), "damaged"),
        (workbook('<row><c r="A1" t="s"><v>0</v></c></row>', ANNOUNCED), "damaged"),
    ],
)
def test_what_would_fill_the_memory_is_refused(data: bytes, code: str) -> None:
    check_xlsx(data)
    with pytest.raises(BadCells) as refused:
        check_cells(data, MOST)
    assert refused.value.code == code


def test_a_part_whose_header_lies_of_its_size_is_damaged() -> None:
    data = workbook(HEAD)
    at = data.rindex(b"PK\x01\x02")  # the sheet's entry in the directory
    short = data[: at + 24] + (10).to_bytes(4, "little") + data[at + 28 :]
    with pytest.raises(BadCells, match="damaged"):
        check_cells(short, MOST)


def test_cells_that_do_not_say_where_they_are_stand_where_the_reader_puts_them() -> None:
    data = workbook(
        f'<row>{BARE * 2}</row><row r="4">{BARE}{cell("D4")}{BARE}</row><row>{cell("C6")}</row>'
        f"<row>{BARE}</row>"
    )
    with load_workbook(BytesIO(data)) as book:
        rows = list(book.get_sheet_by_index(0).iter_rows())
    assert (len(rows), len(rows[0])) == (6, 5)
    check_cells(data, Most(6, 5, area=30, cells=7, letters=0))
    for tight in (
        Most(5, 5, area=30, cells=7, letters=0),
        Most(6, 4, area=30, cells=7, letters=0),
        Most(6, 5, area=29, cells=7, letters=0),
        Most(6, 5, area=30, cells=6, letters=0),
    ):
        with pytest.raises(BadCells):
            check_cells(data, tight)
