"""Why a file is refused: the codes, and a sentence for each."""

from typing import Literal

from shared.web.languages import gettext_noop as _

Reason = Literal[
    "too-large",
    "wrong-kind",
    "damaged",
    "too-many-pixels",
    "active-content",
    "archive-bomb",
    "busy",
    "empty",
]

# With the limits of `shared.uploads` and its two helpers in words.
REASONS: dict[Reason, str] = {
    "too-large": _(
        "Berkas ini terlalu besar. Batasnya: foto 8 MB, PDF 5 MB dan 50 halaman, tabel 5 MB."
    ),
    "wrong-kind": _(
        "Jenis berkas ini tidak diterima di sini. Pilih foto (JPEG, PNG, WebP), PDF, "
        "atau tabel (XLSX, CSV), sesuai permintaan di atasnya."
    ),
    "damaged": _("Berkas ini rusak atau terkunci. Simpan ulang, lalu unggah lagi."),
    "too-many-pixels": _(
        "Ukuran gambar ini terlalu besar. Perkecil: JPEG hingga 40, PNG dan WebP hingga 16 "
        "megapiksel."
    ),
    "active-content": _(
        "Berkas ini berisi skrip, makro, atau lampiran. Simpan atau cetak ulang tanpa isi itu."
    ),
    "archive-bomb": _("Isi berkas ini terlalu besar ketika dibuka. Pakai templat yang tersedia."),
    "busy": _("Sedang banyak foto yang diproses. Tunggu sebentar, lalu coba lagi."),
    "empty": _("Berkas ini kosong. Pilih berkas lain."),
}


class Refused(Exception):
    """A file that is not taken. `code` is stable; its sentence is `REASONS[code]`."""

    def __init__(self, code: Reason) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = REASONS[code]
