from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared import regions
from shared.regions import Region, UnknownRegion, children, find, get, is_within, search

ZONES = {
    "11": ("Aceh", "WIB"),
    "12": ("Sumatera Utara", "WIB"),
    "13": ("Sumatera Barat", "WIB"),
    "14": ("Riau", "WIB"),
    "15": ("Jambi", "WIB"),
    "16": ("Sumatera Selatan", "WIB"),
    "17": ("Bengkulu", "WIB"),
    "18": ("Lampung", "WIB"),
    "19": ("Kepulauan Bangka Belitung", "WIB"),
    "21": ("Kepulauan Riau", "WIB"),
    "31": ("Daerah Khusus Ibukota Jakarta", "WIB"),
    "32": ("Jawa Barat", "WIB"),
    "33": ("Jawa Tengah", "WIB"),
    "34": ("Daerah Istimewa Yogyakarta", "WIB"),
    "35": ("Jawa Timur", "WIB"),
    "36": ("Banten", "WIB"),
    "51": ("Bali", "WITA"),
    "52": ("Nusa Tenggara Barat", "WITA"),
    "53": ("Nusa Tenggara Timur", "WITA"),
    "61": ("Kalimantan Barat", "WIB"),
    "62": ("Kalimantan Tengah", "WIB"),
    "63": ("Kalimantan Selatan", "WITA"),
    "64": ("Kalimantan Timur", "WITA"),
    "65": ("Kalimantan Utara", "WITA"),
    "71": ("Sulawesi Utara", "WITA"),
    "72": ("Sulawesi Tengah", "WITA"),
    "73": ("Sulawesi Selatan", "WITA"),
    "74": ("Sulawesi Tenggara", "WITA"),
    "75": ("Gorontalo", "WITA"),
    "76": ("Sulawesi Barat", "WITA"),
    "81": ("Maluku", "WIT"),
    "82": ("Maluku Utara", "WIT"),
    "91": ("Papua", "WIT"),
    "92": ("Papua Barat", "WIT"),
    "93": ("Papua Selatan", "WIT"),
    "94": ("Papua Tengah", "WIT"),
    "95": ("Papua Pegunungan", "WIT"),
    "96": ("Papua Barat Daya", "WIT"),
}
HOURS_AHEAD_OF_UTC = {"WIB": 7, "WITA": 8, "WIT": 9}

NO_CODES = [None, "", " ", "21.7", "21.", ".21", "21.99", " 21", "21\n", "21\0", "２１", "00", "99"]
NO_CODES += ["21.72.01.1001.1", "21-72", "x" * 13, "2" * 1_000_000, "\udc80\udc80"]
NO_NAMES = [None, "", " ", "\0", ".,;/-'", "\n" * 50, "a" * 1_000_000, " " * 1_000_000, "北京"]
NO_NAMES += ["zzqz", "sukamaju zzqz", "zzqz depok", "\udc80", "a " * 99, "%", "\\", "[", "<script>"]


def below(region: Region) -> list[Region]:
    direct = children(region.code)
    return direct + [deeper for child in direct for deeper in below(child)]


def labels(text: str, within: str | None = None) -> list[str]:
    return [region.label for region in search(text, within)]


@pytest.fixture(scope="module")
def everything() -> list[Region]:
    provinces = children(None)
    return provinces + [region for province in provinces for region in below(province)]


def test_walking_down_from_the_provinces_meets_every_region_once(everything: list[Region]) -> None:
    levels = [region.level for region in everything]
    assert [levels.count(level) for level in (1, 2, 3, 4)] == [38, 514, 7_285, 83_762]
    assert len({region.code for region in everything}) == len(everything) == 91_599


def test_every_region_is_found_by_its_code_and_has_a_parent(everything: list[Region]) -> None:
    codes = {region.code for region in everything}
    assert all(find(region.code) == region for region in everything)
    assert {region.parent_code for region in everything} - codes == {None}
    assert all(region.level == 1 for region in everything if region.parent_code is None)


def test_every_region_is_of_a_kind(everything: list[Region]) -> None:
    kinds = [region.kind for region in everything]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "desa": 75_252,
        "desa adat": 14,
        "kabupaten": 416,
        "kecamatan": 7_285,
        "kelurahan": 8_496,
        "kota": 98,
        "provinsi": 38,
    }
    for region in everything:
        if region.level == 2:
            assert region.name.split()[0].lower() == region.kind


def test_names_are_clean(everything: list[Region]) -> None:
    assert all(name == " ".join(name.split()) for name in (region.name for region in everything))
    assert get("35.29.22").name == "Ra'as"


def test_labels_are_short_and_only_sixteen_stand_for_two_regions(everything: list[Region]) -> None:
    seen = [region.label for region in everything]
    assert len(seen) - len(set(seen)) == 16
    assert max(Counter(seen).values()) == 2
    assert max(map(len, seen)) < regions.LONGEST_TEXT
    assert max(len(label.split()) for label in seen) <= regions.MOST_WORDS
    kelurahan, desa = search("panipahan", within="14.07.06", limit=2)
    assert (kelurahan.kind, desa.kind) == ("kelurahan", "desa")
    assert kelurahan.label == desa.label


@pytest.mark.parametrize("code", ["21.71", "21.72"])
def test_batam_and_tanjungpinang_have_only_kelurahan(code: str) -> None:
    villages = [region for region in below(get(code)) if region.level == 4]
    assert {village.kind for village in villages} == {"kelurahan"}


def test_the_islands_of_kepulauan_riau_have_seven_kabupaten_and_kota() -> None:
    assert [(region.code, region.name) for region in children("21")] == [
        ("21.01", "Kabupaten Bintan"),
        ("21.02", "Kabupaten Karimun"),
        ("21.03", "Kabupaten Natuna"),
        ("21.04", "Kabupaten Lingga"),
        ("21.05", "Kabupaten Kepulauan Anambas"),
        ("21.71", "Kota Batam"),
        ("21.72", "Kota Tanjung Pinang"),
    ]


def test_each_province_has_its_zone() -> None:
    assert {
        region.code: (region.name, region.zone_abbreviation) for region in children(None)
    } == ZONES


def test_zones_are_real_and_a_village_has_that_of_its_province() -> None:
    for code, (_, abbreviation) in ZONES.items():
        village = children(children(children(code)[0].code)[0].code)[0]
        assert village.zone_abbreviation == abbreviation
        first_day = datetime(2022, 8, 9, 8, tzinfo=ZoneInfo(village.zone))
        assert first_day.utcoffset() == timedelta(hours=HOURS_AHEAD_OF_UTC[abbreviation])


def test_a_path_leads_from_the_province_to_the_region() -> None:
    region = get("21.72.01.1001")
    assert [step.code for step in region.path] == ["21", "21.72", "21.72.01", "21.72.01.1001"]
    assert region.path[-1] is region
    assert get("21").path == (get("21"),)


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("21", "Kepulauan Riau"),
        ("31", "DKI Jakarta"),
        ("34.71", "Kota Yogyakarta, DI Yogyakarta"),
        ("21.01", "Kab. Bintan, Kepulauan Riau"),
        ("31.01", "Kab. Adm. Kepulauan Seribu, DKI Jakarta"),
        ("31.71", "Kota Adm. Jakarta Pusat, DKI Jakarta"),
        ("32.76.08", "Kec. Cilodong, Kota Depok, Jawa Barat"),
        ("32.76.08.1001", "Sukamaju, Kec. Cilodong, Kota Depok, Jawa Barat"),
    ],
)
def test_a_label_says_where_a_region_lies(code: str, label: str) -> None:
    assert get(code).label == label


@pytest.mark.parametrize("code", NO_CODES)
def test_what_is_no_code_finds_nothing(code: str | None) -> None:
    assert find(code) is None
    assert code is None or children(code) == []
    assert search("a", within=code or "") == []


def test_a_wrong_code_is_named_in_a_short_error() -> None:
    with pytest.raises(UnknownRegion, match=r"no region has the code '21\.99'"):
        get("21.99")
    with pytest.raises(LookupError) as error:
        get("9" * 1_000_000)
    assert len(str(error.value)) < 100


def test_a_village_has_nothing_below_it() -> None:
    assert children("21.72.01.1001") == []


@pytest.mark.parametrize(
    ("code", "outer", "answer"),
    [
        ("21.72", "21.72", True),
        ("21.72.01.1001", "21.72", True),
        ("21.72", "21", True),
        ("21", "21.72", False),
        ("21.72", "21.7", False),
        ("21.72", "2", False),
        ("21.72", "21.", False),
        ("21.72", "", False),
        ("", "", False),
        ("21", None, False),
        (None, "21", False),
        (None, None, False),
    ],
)
def test_within_goes_by_whole_parts(code: str | None, outer: str | None, answer: bool) -> None:
    assert is_within(code, outer) is answer


def test_namesakes_are_told_apart_by_their_labels() -> None:
    found = search("sukamaju", limit=200)
    exact = [region for region in found if region.name.replace(" ", "").lower() == "sukamaju"]
    assert len(exact) == 120
    assert found[:120] == exact
    assert len({region.label for region in exact}) == 120
    assert "Sukamaju, Kec. Cilodong, Kota Depok, Jawa Barat" in {region.label for region in exact}


@pytest.mark.parametrize(
    "text", ["tanjungpinang", "TANJUNG PINANG", " Tanjung-Pinang. ", "kota tanjungpinang"]
)
def test_the_city_comes_before_the_kelurahan_of_the_same_name(text: str) -> None:
    assert search(text)[0] == get("21.72")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("jakarta", "31"),
        ("dki jakarta", "31"),
        ("di yogyakarta", "34"),
        ("kota jakarta pusat", "31.71"),
        ("kab bintan", "21.01"),
        ("Kabupaten Bintan", "21.01"),
        ("kab. kepulauan seribu", "31.01"),
        ("Kec. Cilodong", "32.76.08"),
        ("Kelurahan Sukamaju, Cilodong", "32.76.08.1001"),
        ("Kelurahan, Kec. Jambu", "33.22.08.2003"),
        ("raas sumenep", "35.29.22"),
        ("Rá’as Sumenep", "35.29.22"),
    ],
)
def test_regions_are_found_as_people_call_them(text: str, code: str) -> None:
    assert search(text)[0] == get(code)


@pytest.mark.parametrize(
    ("text", "within", "codes"),
    [
        ("21.71", None, ["21.71", "21.71.01"]),
        (" 21.71. ", None, ["21.71", "21.71.01"]),
        ("21.0", None, ["21.01", "21.02"]),
        ("21", "21.71", ["21.71", "21.71.01"]),
        ("21.71", "21.01", []),
        ("99.99", None, []),
    ],
)
def test_a_code_or_its_beginning_finds_regions(
    text: str, within: str | None, codes: list[str]
) -> None:
    found = [region.code for region in regions.search(text, within=within, limit=2)]
    assert found == codes


def test_exact_names_come_first_then_beginnings_then_parts() -> None:
    names = [region.name for region in search("batam", limit=100)]
    ranks = [
        0 if name in {"Kota Batam", "Batam"} else 1 if name.startswith("Batam") else 2
        for name in names
    ]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}


def test_among_equals_larger_regions_come_first_then_the_order_of_codes() -> None:
    exact = search("sukamaju", limit=120)
    assert exact == sorted(exact, key=lambda region: (region.level, region.code))
    assert exact[0].kind == "kecamatan"


def test_a_search_stays_within_a_region_and_includes_it() -> None:
    found = search("tanjung", within="21", limit=100)
    assert all(is_within(region.code, "21") for region in found)
    assert {region.level for region in found} == {2, 3, 4}
    assert search("natuna", within="21.03")[0] == get("21.03")
    assert search("natuna", within="21.72") == []
    assert search("penyengat", within="21.72")[0].kind == "kelurahan"


def test_further_words_name_the_regions_around() -> None:
    assert labels("sukamaju depok") == [
        "Sukamaju, Kec. Cilodong, Kota Depok, Jawa Barat",
        "Sukamaju Baru, Kec. Tapos, Kota Depok, Jawa Barat",
    ]
    assert labels("sukamaju cilodong depok jawa barat") == labels("sukamaju cilodong")
    assert labels("tanjung pinang riau")[0] == "Kota Tanjung Pinang, Kepulauan Riau"
    assert labels("sukamaju depok", within="32.76.10") == [
        "Sukamaju Baru, Kec. Tapos, Kota Depok, Jawa Barat"
    ]
    assert labels("sukamaju depok", within="21") == []


def test_words_that_can_be_parted_in_two_ways_give_both() -> None:
    assert labels("moti kota ternate") == [
        "Moti Kota, Kec. Moti, Kota Ternate, Maluku Utara",
        "Kec. Moti, Kota Ternate, Maluku Utara",
    ]


def test_a_region_does_not_lie_around_itself() -> None:
    assert search("depok depok", within="32.76")[0].level > 2


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name_finds_nothing(text: str | None) -> None:
    assert search(text) == []


@pytest.mark.parametrize("limit", [0, -1])
def test_asking_for_nothing_gives_nothing(limit: int) -> None:
    assert search("a", limit=limit) == []


@settings(deadline=None)
@given(
    text=st.text() | st.lists(st.sampled_from(["suka", "kec", "an", "kota", "x", "riau"])).map(str),
    within=st.none() | st.sampled_from(["21", "21.72", "21.72.01.1001", "21.7"]) | st.text(),
    limit=st.integers(-1, 50),
)
@example("a b c d e f g h i j k l m n o p q r s t", None, 20)
def test_no_text_breaks_a_search(text: str, within: str | None, limit: int) -> None:
    found = search(text, within, limit)
    assert len(found) <= max(limit, 0)
    assert len(set(found)) == len(found)
    assert all(within is None or is_within(region.code, within) for region in found)
    assert all(find(region.code) == region for region in found)


@settings(deadline=None)
@example(at=91_598)
@given(at=st.integers(0, 91_598))
def test_a_label_given_as_text_finds_its_region(everything: list[Region], at: int) -> None:
    region = everything[at]
    assert region in search(region.label, limit=100)


@settings(deadline=None)
@given(code=st.text(alphabet="0123456789.") | st.text())
def test_no_code_breaks_a_look_up(code: str) -> None:
    region = find(code)
    assert region is None or region.code == code
    assert all(child.parent_code == code for child in children(code))
