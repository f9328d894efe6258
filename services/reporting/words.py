"""Texts that Python decides, marked for the catalogue."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from shared.web import gettext_noop as _
from shared.web.formats import Language
from shared.web.languages import LOCALE, translations

# In the order in which a summary lists them.
PARTICIPANT_TYPES: dict[str, str] = {
    "province_library": _("Dinas Perpustakaan Provinsi"),
    "regency_library": _("Dinas Perpustakaan Kabupaten/Kota"),
    "village_library": _("Perpustakaan desa/kelurahan"),
    "champion_village": _("Desa Champion"),
    "impact": _("Impact (penerima manfaat)"),
}

KINDS: dict[str, str] = {"attendance_list": _("Daftar hadir")}

FORMATS: dict[str, tuple[str, str]] = {
    "pdf": ("PDF", _("Untuk dicetak dan ditandatangani, satu daftar per hari")),
    "xlsx": ("Excel", _("Untuk disunting, diurutkan, dan disaring")),
    "csv": ("CSV", _("Untuk program lain")),
}

LANGUAGES: dict[str, str] = {"id": "Bahasa Indonesia", "en": "English"}

STATUSES: dict[str, str] = {
    "queued": _("Menunggu giliran"),
    "running": _("Sedang dikerjakan"),
    "done": _("Selesai"),
    "failed": _("Gagal"),
    "cancelled": _("Dibatalkan"),
}

FAILURES: dict[str, str] = {
    "gave-up": _(
        "Laporan ini tidak berhasil dibuat setelah lima kali dicoba. Pesan sekali lagi; bila tetap "
        "gagal, hubungi pengelola situs."
    ),
    "erased": _(
        "Berkas ini dihapus karena data salah satu pesertanya dihapus. Pesan sekali lagi untuk "
        "mendapat daftar yang baru."
    ),
    "out-of-scope": _("Pertemuan ini tidak ada lagi, atau tidak lagi di wilayah Anda."),
}

REFUSALS: dict[str, str] = {
    "choose": _("Pilih salah satu dari daftar."),
    "key-reused": _("Pesanan ini sudah pernah dikirim dengan isi lain. Periksa, lalu kirim lagi."),
    "form-expired": _("Halaman ini sudah terlalu lama terbuka. Silakan kirim sekali lagi."),
}


@cache
def translator(language: Language) -> Callable[[str], str]:
    """For a reader whose language is part of the order, as in a document."""
    return translations(language, [LOCALE, Path(__file__).parent / "locale"]).gettext
