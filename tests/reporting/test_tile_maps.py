"""Maps of squares."""

import re

from services.reporting import tile_maps
from services.reporting.tile_maps import Square
from shared import regions

CODES = [region.code for region in regions.children(None)]


def squares(codes: list[str]) -> list[Square]:
    return [
        Square(code, tile_maps.short_name(code), at, f"{at} laporan", f"/x?region={code}&a=1")
        for at, code in enumerate(codes)
    ]


def test_every_province_has_a_place_of_its_own() -> None:
    assert sorted(tile_maps.PROVINCES) == sorted(CODES)
    assert len(set(tile_maps.PROVINCES.values())) == len(CODES)
    assert len(set(tile_maps.LETTERS.values())) == len(CODES)


def test_neighbours_by_land_lie_about_where_they_are() -> None:
    place = tile_maps.PROVINCES
    from_the_west = [place[code][0] for code in ("11", "16", "61", "73", "81", "91")]
    assert from_the_west == sorted(from_the_west)
    assert place["65"][1] < place["63"][1]  # Kalimantan from north to south
    assert place["32"][1] == place["35"][1]  # Java lies level


def test_each_square_is_a_link_with_its_name_and_figure() -> None:
    drawn = tile_maps.country("Peta", "Laporan", squares(CODES))
    assert 'role="group"' in drawn
    links = re.findall(r'<a href="([^"]+)" aria-label="([^"]+)">', drawn)
    assert len(links) == len(CODES)
    assert ("/x?region=21&amp;a=1", f"Kepulauan Riau: {CODES.index('21')} laporan") in links


def test_a_province_shows_its_regencies_in_order_of_code() -> None:
    codes = [region.code for region in regions.children("21")]
    drawn = tile_maps.province("Peta", "Laporan", squares(codes))
    assert re.findall(r"region=([\d.]+)", drawn) == codes
    assert ">Bintan<" in drawn
    assert ">Batam<" in drawn
    twins = tile_maps.province("Peta", "Laporan", squares(["32.01", "32.71"]))
    assert ">Bogor<" in twins
    assert ">Kota Bogor<" in twins, "which of the two"


def test_fifths_put_equals_together_and_nothing_apart() -> None:
    assert tile_maps.levels([0, 10, 20, 30, 40, 50]) == [0, 1, 2, 3, 4, 5]
    assert tile_maps.levels([7, 7, 0, -1]) == [1, 1, 0, 0]
    assert tile_maps.levels([]) == []
    assert max(tile_maps.levels(list(range(1000)))) == tile_maps.CLASSES


def test_a_square_says_its_level_in_dots_too() -> None:
    least, most = tile_maps.province("", "", squares(["21.01", "21.02"])).split("</a>")[:2]
    assert least.count("<circle") == 0
    assert "stroke-dasharray" in least
    assert most.count("<circle") == 1
