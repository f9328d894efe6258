"""Texts of announcements that Python decides, marked for the catalogue."""

from shared.web import gettext_noop as _

# state -> how it is said, and the look of its tag (see "Tags" in site.css)
STATES: dict[str, tuple[str, str]] = {
    "draft": (_("Konsep"), "draft"),
    "writing": (_("Sedang disiapkan"), "running"),
    "sending": (_("Sedang dikirim"), "running"),
    "paused": (_("Dijeda"), "waiting"),
    "done": (_("Selesai"), "done"),
    "cancelled": (_("Dibatalkan"), "cancelled"),
}
# What one can ask the list for -> the states that it means.
FILTERS: dict[str, tuple[str, ...]] = {
    "draft": ("draft",),
    "sending": ("writing", "sending"),
    "paused": ("paused",),
    "done": ("done",),
    "cancelled": ("cancelled",),
}

KINDS: dict[str, tuple[str, str]] = {
    "participants": (
        _("Peserta pertemuan"),
        _("Semua yang mendaftar; satu orang satu pesan, berapa pun pendaftarannya"),
    ),
    "officials": (_("Pengguna yang punya akun"), _("Petugas, pengelola, dan Master Trainer")),
}
STATUSES: dict[str, str] = {
    "submitted": _("Menunggu persetujuan"),
    "needs_correction": _("Perlu perbaikan"),
    "approved": _("Disetujui"),
    "waiting": _("Daftar tunggu"),
    "offered": _("Kursi ditawarkan"),
    "rejected": _("Ditolak"),
    "cancelled": _("Dibatalkan"),
}
PARTICIPANT_TYPES: dict[str, str] = {
    "province_library": _("Dinas perpustakaan provinsi"),
    "regency_library": _("Dinas perpustakaan kabupaten/kota"),
    "village_library": _("Perpustakaan desa atau kelurahan"),
    "champion_village": _("Desa Champion"),
    "impact": _("Penerima manfaat"),
}
ROLES: dict[str, str] = {
    "library": _("Pengelola perpustakaan"),
    "master_trainer": _("Master Trainer"),
    "regency": _("Petugas kabupaten/kota"),
    "province": _("Petugas provinsi"),
    "national": _("Petugas nasional"),
}
CHANNELS: dict[str, str] = {"email": _("Surel"), "whatsapp": _("WhatsApp"), "sms": _("SMS")}
ACTIONS: dict[str, str] = {
    "changed": _("Konsep diubah"),
    "started": _("Pengiriman dimulai"),
    "paused": _("Pengiriman dijeda"),
    "resumed": _("Pengiriman dilanjutkan"),
    "cancelled": _("Pengiriman dibatalkan"),
}

REFUSALS: dict[str, str] = {
    "form-expired": _("Formulir ini terbuka terlalu lama. Periksa isinya, lalu kirim sekali lagi."),
    "kind": _("Pilih kepada siapa pengumuman ini."),
    "subject": _("Isi perihalnya, paling sedikit tiga huruf."),
    "body": _("Isi pengumumannya, paling sedikit tiga huruf."),
    "channels": _("Pilih paling sedikit satu cara pengiriman."),
    "english": _("Perihal dan isi dalam bahasa Inggris harus ada dua-duanya, atau kosong."),
    "too-long": _("Untuk WhatsApp dan SMS isinya paling banyak 900 huruf."),
    "past": _("Tanggal ini sudah lewat."),
    "date": _("Tanggal ini tidak dapat dibaca."),
    "not-now": _("Keadaan pengumuman ini sudah berubah, atau batas waktunya sudah lewat."),
    "changed": _("Konsep ini diubah orang lain sesudah Anda membukanya. Periksa lagi isinya."),
    "rule-off": _("Pengumuman sedang dimatikan oleh kantor nasional, jadi belum bisa dikirim."),
    "nobody": _("Pengumuman ini tidak sampai kepada siapa pun. Periksa penerimanya."),
}
