"""SMS parts, by the numbers of 3GPP TS 23.038."""

import pytest

from services.notifications.segments import BASIC, EXTENSION, Segments, count, is_gsm7, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("gsm-7", 0, 1)),
        ("a" * 160, Segments("gsm-7", 160, 1)),
        ("a" * 161, Segments("gsm-7", 161, 2)),
        ("a" * 306, Segments("gsm-7", 306, 2)),
        ("a" * 307, Segments("gsm-7", 307, 3)),
        ("ë" * 70, Segments("ucs-2", 70, 1)),
        ("ë" * 71, Segments("ucs-2", 71, 2)),
        ("ë" * 134, Segments("ucs-2", 134, 2)),
        ("ë" * 135, Segments("ucs-2", 135, 3)),
        ("ë" + "a" * 70, Segments("ucs-2", 71, 2)),  # one sign changes it for all
        ("€" * 80, Segments("gsm-7", 160, 1)),
        ("🙂" * 35, Segments("ucs-2", 70, 1)),
    ],
)
def test_the_limits(text: str, expected: Segments) -> None:
    assert count(text) == expected


def test_a_sign_that_takes_two_places_is_not_split_over_two_parts() -> None:
    euro = "a" * 152 + "€" + "a" * 152  # 306 places, but the first part stays one short
    assert count(euro) == Segments("gsm-7", 306, 3)
    smile = "ë" * 66 + "🙂" + "ë" * 66
    assert count(smile) == Segments("ucs-2", 134, 3)
    assert count("a" * 151 + "€" + "a" * 153).parts == 2


def test_the_alphabet_has_127_signs_and_ten_more() -> None:
    assert len(BASIC) == 127  # the 128th is the escape to the extension table
    assert len(EXTENSION) == 10


def test_accents_go_where_only_the_plain_alphabet_is_carried() -> None:
    assert plain("Dëwi Šari, José, ½ jam: 5 €") == "Dewi Sari, José, ½ jam: 5 €"
    assert not is_gsm7(plain("🙂"))
