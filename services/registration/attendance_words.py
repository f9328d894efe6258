"""Texts of check-in and certificates, marked for the catalogue."""

from shared.web import gettext_noop as _

# What became of a scan, large on the screen; the sign is put before it.
SCANS: dict[str, str] = {
    "checked_in": _("Hadir"),
    "already": _("Sudah tercatat sebelumnya"),
    "undone": _("Check-in dibatalkan"),
    "not_approved": _("Belum disetujui"),
    "unknown": _("Kode tidak dikenal"),
    "wrong_meeting": _("Tiket pertemuan lain"),
    "wrong_day": _("Bukan hari atau sesi pertemuan ini"),
}
# What to do about it.
SCAN_HELP: dict[str, str] = {
    "checked_in": _("Silakan masuk."),
    "already": _("Tidak perlu dicatat lagi."),
    "undone": _("Orang ini dapat di-check-in lagi."),
    "not_approved": _("Arahkan ke meja panitia untuk diperiksa pendaftarannya."),
    "unknown": _("Periksa ketikannya, atau cari dengan nama."),
    "wrong_meeting": _("Arahkan ke meja panitia."),
    "wrong_day": _("Pilih hari atau sesi lain di atas."),
}
SCAN_TONES: dict[str, tuple[str, str]] = {
    "checked_in": ("good", "✓"),
    "already": ("waits", "!"),
    "undone": ("waits", "!"),
}
# What only the page's script says.
SCRIPT: dict[str, str] = {
    "kept": _("Hadir, dicatat di perangkat ini"),
    "unchecked": _("Belum dapat diperiksa tanpa sinyal"),
    "no-line": _("Tidak ada sinyal. Coba lagi nanti."),
    "no-camera": _("Kamera tidak dapat dipakai. Ketik kode atau nama."),
    "camera-blind": _(
        "Tanpa sinyal, kamera perangkat ini tidak dapat membaca. Ketik kode atau nama."
    ),
    "waiting": _("{n} belum terkirim"),
    "undo": _("Batalkan check-in"),
    "camera-on": _("Nyalakan kamera"),
    "camera-off": _("Matikan kamera"),
}

CERTIFICATE_STATES: dict[str, str] = {
    "ready": _("Berhak, belum terbit"),
    "issued": _("Terbit"),
    "revoked": _("Dicabut"),
    "short": _("Belum berhak"),
}
CERTIFICATE_TAGS: dict[str, str] = {
    "ready": "pending",
    "issued": "valid",
    "revoked": "revoked",
    "short": "missing",
}
RUN_ERRORS: dict[str, str] = {
    "number-taken": _(
        "Pola nomor menghasilkan nomor yang sudah dipakai pertemuan lain. Tambahkan {meeting} "
        "ke pola nomor di pengaturan sertifikat, lalu terbitkan lagi."
    ),
    "error": _("Ada kesalahan di pihak kami. Yang sudah terbit tetap berlaku; coba lagi."),
}
REFUSALS: dict[str, str] = {
    "form-expired": _("Formulir ini sudah terlalu lama terbuka. Coba sekali lagi."),
    "empty": _("Ketik kode atau nama."),
    "nobody": _("Tidak ada peserta yang disetujui dengan kode atau nama itu."),
    "reason": _("Isi alasannya. Pemilik sertifikat membacanya."),
    "name": _("Isi nama lengkap seperti yang akan ditulis di sertifikat."),
    "revoked-before": _("Sertifikat ini sudah dicabut atau diganti."),
    "owner-erased": _(
        "Data pemiliknya sudah dihapus, jadi sertifikat tidak dapat diterbitkan lagi."
    ),
    "number-taken": RUN_ERRORS["number-taken"],
}
