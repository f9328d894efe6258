"""What a file says twice comes in once, unless somebody says that both are meant."""

from typing import Any

import pytest
from reporting import sim_files
from reporting.libraries import library
from reporting.sim_files import activities, as_json, counts, execute, read, rows, take
from sim_rows import VILLAGE, sim_row

from services.reporting import sim_importing

pytestmark = pytest.mark.usefixtures("empty")

TWICE = [sim_row(1), sim_row(1), sim_row(2)]
ALIKE = [
    sim_row(1, nama_kegiatan="Pelatihan Batik"),
    sim_row(1, nama_kegiatan="Pelatihan batik.", jumlah_peserta="12"),
    sim_row(2, nama_kegiatan="Pelatihan Batik"),
    sim_row(1, nama_kegiatan="Pelatihan Batik", perpus_nama="Perpustakaan lain"),
]


def notes(told: list[dict[str, Any]]) -> list[list[str]]:
    return [list(one.notes) for one in sim_files.told(read(as_json(told)))]


def test_equal_rows_and_much_alike_ones_of_a_library_and_day_are_pointed_out() -> None:
    library(VILLAGE)
    assert notes(TWICE) == [[], ["same-row"], []]
    assert notes(ALIKE) == [[], ["twin"], [], []]
    months = [
        {"periode": "Feb 2026", "pengunjung_laki": n, "pengunjung_perempuan": 1} for n in (2, 3)
    ]
    assert notes(months) == [[], []], "without a title only equal rows are alike"


@pytest.mark.parametrize("told", [TWICE, ALIKE[:3]])
def test_they_are_left_out_and_the_same_file_again_changes_nothing(
    told: list[dict[str, Any]],
) -> None:
    library(VILLAGE)
    for known in (0, 2):
        job = read(as_json(told))
        assert (counts(job).waiting, counts(job).twins, counts(job).known) == (2, 1, known)
        assert take(job).state == "done"
        assert (counts(job).twins, activities()) == (1, 2)
    assert counts(take(job, twins=True)).taken == 1, "also when somebody wants them later"
    assert activities() == 3


def test_whoever_wants_them_has_them_once() -> None:
    library(VILLAGE)
    assert counts(take(read(as_json(TWICE)), twins=True)).taken == 3
    job = read(as_json(TWICE))
    assert (counts(job).known, counts(job).twins) == (3, 0)
    assert (counts(take(job)).already, activities()) == (3, 3)


def test_rows_that_were_taken_are_verified_also_where_they_are_twins() -> None:
    library(VILLAGE)
    take(read(as_json([row | {"is_verified": "false"} for row in TWICE])), twins=True)
    assert activities("stage = 0") == 3
    take(read(as_json(TWICE)))
    assert activities("stage = 1") == 3


def test_equal_rows_are_counted_across_batches() -> None:
    library(VILLAGE)
    same = sim_row()
    wrong = {**same, "tanggal": "?"}
    job = read(as_json([same, *rows(sim_importing.BATCH)[1:], same, wrong, same]))
    again = execute(
        "SELECT number, occurrence FROM sim_row WHERE notes ? 'same-row' ORDER BY number"
    )
    assert again == [(sim_importing.BATCH + 1, 2), (sim_importing.BATCH + 3, 3)]
    assert counts(job).twins == 2
    assert counts(take(job)).taken == sim_importing.BATCH
