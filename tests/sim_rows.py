"""Rows as the programme's older system gives them out, plainly made up."""

from typing import Any

from shared import regions

VILLAGE = "21.01.04.2001"
LIBRARY = "Perpustakaan Contoh"
NAMES = ("provinsi", "kabupaten", "kecamatan", "desa_name")


def sim_row(number: int = 0, village: str = VILLAGE, **changes: Any) -> dict[str, Any]:
    """An activity, as the older system writes one; number after number on other days."""
    path = [one.name for one in regions.get(village).path]
    return {
        **dict(zip(NAMES, path, strict=True)),
        "perpus_nama": LIBRARY,
        "tanggal": f"{1 + number % 28:02}/03/2026",
        "nama_kegiatan": f"Kelas &quot;{number}&quot;",
        "bidang_kegiatan": "ekonomi",
        "jenis": "Pelatihan",
        "sasaran": "Umum",
        "jumlah_peserta": "10",
        "tanggal_input": "2026-03-30",
        "is_verified": "true",
        **changes,
    }
