"""Names of people and libraries, compared the way a person compares them."""

import unicodedata
from functools import lru_cache


def plain_name(name: str) -> str:
    """The name as one looks it up: without case, accents and punctuation.

    "D'Arcy" stands at "darcy"; any other sign parts words, as in "A.A. Gde" and "Abdul-Rahman".
    """
    plain = unicodedata.normalize("NFKD", name.replace("'", "").replace("’", "")).casefold()
    letters = "".join(
        sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign)
    )
    return " ".join(letters.split())


def likeness(one: str, other: str) -> float:
    """How alike two plain names are, from 0 to 1, told by the pairs of letters that both have.

    It takes no longer for names that are made to take long, unlike an alignment of both. One that
    is much longer than the other is not like it, whatever they share.
    """
    if one == other:
        return 1.0
    mine, theirs = _pairs(one), _pairs(other)
    lengths = 2 * min(len(one), len(other)) / (len(one) + len(other))
    return min(lengths, 2 * len(mine & theirs) / (len(mine) + len(theirs)))


@lru_cache(maxsize=4096)
def _pairs(name: str) -> frozenset[str]:
    parted = f" {name} "
    return frozenset(parted[at : at + 2] for at in range(len(parted) - 1))
