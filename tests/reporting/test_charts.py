"""Charts: whole SVG, safe with nothing, nought, less than nought and odd texts."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting import charts
from services.reporting.charts import Part, Point

FIGURES = st.lists(st.integers(-(10**12), 10**13), max_size=40)
SVG = "{http://www.w3.org/2000/svg}"


def read(picture: str) -> ET.Element:
    """As a browser reads what stands in a page: with the namespace that a page implies."""
    text = str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return ET.fromstring(text)  # noqa: S314 - it is our own


def points(values: list[int]) -> list[Point]:
    return [Point(f"<b>&{value}", value, f'"{value}"', value / 2, "x") for value in values]


def numbers(svg: ET.Element, name: str) -> list[float]:
    return [float(one.attrib[name]) for one in svg.iter() if name in one.attrib and one is not svg]


@given(FIGURES)
def test_any_figures_make_a_picture_that_stays_in_its_frame(values: list[int]) -> None:
    one = points(values)
    for picture in (
        charts.bars("Judul <x>", "Isi & lainnya", one),
        charts.line("Judul", "Isi", one, str, ("Semua", "Sebagian")),
    ):
        svg = read(picture)
        _, _, width, height = map(float, svg.attrib["viewBox"].split())
        assert svg.attrib["role"] == "img"
        assert svg[0].tag.endswith("title")
        assert svg[1].tag.endswith("desc")
        assert all(0 <= x <= width + 0.1 for name in ("x", "cx") for x in numbers(svg, name))
        assert all(0 <= y <= height for name in ("y", "cy") for y in numbers(svg, name))
        assert all(0 <= one <= width + 0.1 for one in numbers(svg, "width"))


def lengths(values: list[int]) -> list[float]:
    svg = read(charts.bars("Judul", "Isi", points(values)))
    drawn = [one for one in svg.iter(f"{SVG}rect") if one.attrib["fill"] == "var(--primary)"]
    return [float(one.attrib["width"]) for one in drawn]


def test_a_bar_is_as_long_as_its_figure_and_one_below_zero_goes_left() -> None:
    assert lengths([100, 50, 0]) == [360, 180, 0]
    assert lengths([0, 0]) == [0, 0]
    svg = read(charts.bars("Judul", "Isi", points([-50, 150])))
    drawn = [one for one in svg.iter(f"{SVG}rect") if one.attrib["fill"] == "var(--primary)"]
    assert [(one.attrib["x"], one.attrib["width"]) for one in drawn] == [
        ("0.0", "90.0"),
        ("90.0", "270.0"),
    ]


def test_shares_have_a_sign_and_a_pattern_besides_their_colour() -> None:
    picture = charts.shares(
        "Kelengkapan",
        "Isi",
        [
            Part("Tepat", 3, "3", "green"),
            Part("Telat", 1, "1", "yellow"),
            Part("Tak", 0, "0", "red"),
        ],
    )
    assert all(sign in picture for sign in ("✓", "~", "✕"))
    assert 'fill="url(#hatch-yellow)"' in picture
    widths = [one.attrib["width"] for one in read(picture).iter(f"{SVG}rect")]
    assert "270.0" in widths


@pytest.mark.parametrize(
    "picture",
    [
        charts.bars("Judul", "Belum ada", []),
        charts.line("Judul", "Belum ada", [], str, ("", "")),
        charts.shares("Judul", "Belum ada", [Part("Tepat", 0, "0", "green")]),
    ],
)
def test_nothing_is_said_to_be_nothing(picture: str) -> None:
    assert "Belum ada" in "".join(read(picture).itertext())


def test_steps_are_what_people_count_in() -> None:
    assert [charts.round_step(rough) for rough in (0, 0.3, 1, 1.2, 3, 7, 12, 480, 501)] == [
        *(1, 1, 1, 2, 5, 10, 20, 500, 1000)
    ]


def test_a_long_label_is_cut_and_whole_in_its_title() -> None:
    name = "Perpustakaan Desa yang Namanya Panjang Sekali"
    picture = charts.bars("Judul", "Isi", [Point(name, 1, "1")])
    assert charts.shortened(name) in picture
    assert f"<title>{name}: 1</title>" in picture
