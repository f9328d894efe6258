"""Texts of the verifier's desk, locks and completeness that Python decides, for the catalogue."""

from shared.web import gettext_noop as _

STATES: dict[str, str] = {
    "waiting": _("Menunggu saya"),
    "returned": _("Dikembalikan"),
    "verified": _("Sudah diverifikasi"),
    "deleted": _("Dihapus"),
    "all": _("Semua"),
}

# Action -> its button, the title of its page, and what is told when it is done.
ACTIONS: dict[str, tuple[str, str, str]] = {
    "verify": (
        _("Verifikasi"),
        _("Verifikasi laporan"),
        _("{n} laporan diverifikasi."),
    ),
    "send_back": (
        _("Kembalikan"),
        _("Kembalikan untuk diperbaiki"),
        _("{n} laporan dikembalikan kepada perpustakaannya."),
    ),
    "delete": (_("Hapus"), _("Hapus laporan"), _("{n} laporan dihapus; riwayatnya tetap ada.")),
    "restore": (_("Pulihkan"), _("Pulihkan laporan"), _("{n} laporan dipulihkan.")),
    "edit": (_("Ubah"), _("Ubah laporan"), _("{n} laporan diubah, dan diverifikasi dari awal.")),
}
SKIPPED = _("{n} laporan dibiarkan: sudah berubah, atau keadaannya tidak memungkinkan.")

# Questions that the library answered with yes.
CONFIRMED: dict[str, str] = {
    "new-year": _("Memang pada 1 Januari"),
    "zero": _("Semua angkanya memang nol"),
    "duplicate": _("Bukan laporan ganda, walaupun mirip dengan yang lain"),
    "again": _("Memang laporan kedua untuk masa yang sama"),
    "long-ago": _("Memang lebih dari setengah tahun yang lalu"),
    "many": _("Pesertanya memang lebih dari 5.000 orang"),
}

SOURCES: dict[str, str] = {
    "form": _("Formulir"),
    "api": _("Program lain"),
    "import": _("Impor"),
}

REFUSALS: dict[str, str] = {
    "form-expired": _("Halaman ini sudah terlalu lama terbuka. Silakan kirim sekali lagi."),
    "nothing": _("Pilih dahulu laporannya di daftar."),
    "no-action": _("Pilih salah satu tombol."),
    "comment-missing": _("Tulis apa yang perlu diperbaiki, supaya perpustakaannya tahu."),
    "reason-missing": _("Tulis alasannya."),
    "changed-meanwhile": _(
        "Laporan ini berubah sejak Anda membukanya. Periksa isinya yang sekarang, lalu putuskan."
    ),
    "verified-above": _(
        "Tingkat di atas Anda sudah memverifikasi laporan ini. Minta mereka mengembalikannya."
    ),
    "count-changed": _("Jumlahnya berubah sejak halaman ini dibuka. Periksa lagi, lalu lanjutkan."),
    "busy": _("Laporan sedang ditulis. Tunggu sebentar, lalu kunci lagi."),
    "not-over": _("Bulan ini belum berakhir, jadi belum dapat dikunci."),
    "locked": _("Bulan ini sudah dikunci."),
    "not-locked": _("Kunci bulan ini sudah dibuka."),
    "lock-above": _("Bulan ini dikunci oleh tingkat di atas Anda."),
    "no-month": _("Pilih bulan dari daftar."),
}

# State of a library's month -> the class of its tag, and its word: six stand beside each other.
LIBRARY_STATES: dict[str, tuple[str, str]] = {
    "in_time": ("done", _("Tepat")),
    "late": ("late", _("Lambat")),
    "missing": ("failed", _("Belum")),
}

# What a frozen figure counts; a stream's own names come first.
MEASURES: dict[str, str] = {
    "reports": _("Laporan"),
    "people": _("Peserta atau kunjungan"),
    "male": _("Laki-laki"),
    "female": _("Perempuan"),
    "children": _("Anak (0–12 tahun)"),
    "teens": _("Remaja (13–17 tahun)"),
    "adults": _("Dewasa (18–59 tahun)"),
    "elderly": _("Lansia (60 tahun ke atas)"),
    "disabled": _("Penyandang disabilitas"),
    "amount": _("Dana (Rp)"),
    "books": _("Jumlah buku"),
    "ebooks": _("Jumlah buku digital"),
    "computers": _("Jumlah komputer"),
    "bandwidth": _("Bandwidth (Mbps)"),
    "villages": _("Jumlah desa"),
    "timely": _("Tepat waktu"),
}
