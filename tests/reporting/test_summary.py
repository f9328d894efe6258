"""What comes together for a meeting, and who may see how much of it."""

from pathlib import Path

from tests.reporting.builders import EXAMPLE, KEPRI, Office

URL = f"/reporting/api/v1/meetings/{EXAMPLE}/summary"


def test_the_example_shows_that_anambas_is_missing(example: Path) -> None:
    answer = Office(KEPRI).get(URL)
    assert answer.status_code == 200, answer.text
    print(answer.json())
    r = Office(KEPRI).order()
    print(r.status_code, r.text, r.headers)
    for f in ("pdf", "xlsx", "csv"):
        print(Office(KEPRI).report(f))
    print(Office(KEPRI).report("pdf"))
    import subprocess

    print(list(example.iterdir()))
    assert 0
