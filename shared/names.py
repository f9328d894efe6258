"""Names of people and libraries, compared the way a person compares them."""

import unicodedata


def plain_name(name: str) -> str:
    """The name as one looks it up: without case, accents and punctuation.

    "D'Arcy" stands at "darcy"; any other sign parts words, as in "A.A. Gde" and "Abdul-Rahman".
    """
    plain = unicodedata.normalize("NFKD", name.replace("'", "").replace("’", "")).casefold()
    letters = "".join(
        sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign)
    )
    return " ".join(letters.split())
