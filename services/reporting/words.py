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

KINDS: dict[str, str] = {
    "attendance_list": _("Daftar hadir"),
    "meeting_proceedings": _("Berita acara pertemuan"),
    "library_recap": _("Rekap perpustakaan"),
    "periodic": _("Laporan berkala"),
    "completeness": _("Kelengkapan laporan"),
    "impact_stories": _("Cerita dampak"),
    "extract": _("Data lengkap"),
}
# What it is for, as its card on the page that orders it says.
KIND_USES: dict[str, str] = {
    "library_recap": _("Semua perpustakaan satu kabupaten/kota: laporan, peserta, dan skornya"),
    "periodic": _("Narasi dengan grafik dan peta, untuk dibaca dan dibagikan"),
    "completeness": _("Perpustakaan mana melapor bulan apa, dan mana yang belum"),
    "impact_stories": _("Cerita penerima manfaat, lengkap dengan perubahannya"),
    "extract": _("Setiap laporan satu jenis dengan semua isiannya"),
}

FORMATS: dict[str, tuple[str, str]] = {
    "pdf": ("PDF", _("Untuk dicetak dan ditandatangani, satu daftar per hari")),
    "xlsx": ("Excel", _("Untuk disunting, diurutkan, dan disaring")),
    "csv": ("CSV", _("Untuk program lain")),
    "geojson": ("GeoJSON", _("Untuk program peta; tanpa koordinat")),
}
EVERY: dict[str, str] = {
    "month": _("Setiap bulan"),
    "quarter": _("Setiap triwulan"),
    "year": _("Setiap tahun"),
}
SCHEDULE_REFUSALS: dict[str, str] = {
    "": _("Anda sudah punya 50 jadwal. Hapus salah satu lebih dahulu."),
    "every": _("Pilih salah satu dari daftar."),
    "day": _("Tulis tanggal 1 sampai 28."),
    "hour": _("Tulis jam 0 sampai 23."),
    "cron": _("Ungkapan cron ini tidak dapat dibaca, tidak pernah tiba, atau terlalu sering."),
}
SLOTS: dict[str, str] = {
    "no-account": _("Akunnya tidak aktif."),
    "out-of-scope": _("Wilayah ini tidak lagi termasuk hak Anda."),
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
    "out-of-scope": _("Pertemuan atau wilayah ini tidak ada lagi, atau bukan lagi hak Anda."),
}

REFUSALS: dict[str, str] = {
    "choose": _("Pilih salah satu dari daftar."),
    "key-reused": _("Pesanan ini sudah pernah dikirim dengan isi lain. Periksa, lalu kirim lagi."),
    "format": _("Laporan ini tidak tersedia dalam bentuk itu."),
    "period": _("Tulis periodenya seperti 2026-03, 2026-Q1, atau 2026."),
    "region": _("Pilih wilayah Anda sendiri atau yang ada di dalamnya."),
    "form-expired": _("Halaman ini sudah terlalu lama terbuka. Silakan kirim sekali lagi."),
    "too-many-reports": _(
        "Anda sudah punya 20 laporan yang belum selesai. Tunggu sebentar, atau batalkan salah satu."
    ),
}


@cache
def translator(language: Language) -> Callable[[str], str]:
    """For a reader whose language is part of the order, as in a document."""
    return translations(language, [LOCALE, Path(__file__).parent / "locale"]).gettext
