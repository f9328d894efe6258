"""Texts that Python decides, marked for the catalogue."""

from shared.web import gettext_noop as _

# state -> how it is said, and the look of its tag (see "Tags" in site.css)
STATES: dict[str, tuple[str, str]] = {
    "queued": (_("Menunggu dikirim"), "queued"),
    "claimed": (_("Sedang disiapkan"), "running"),
    "handing_over": (_("Sedang diserahkan"), "running"),
    "accepted": (_("Terkirim"), "sent"),
    "delivered": (_("Sampai"), "delivered"),
    "read": (_("Dibaca"), "delivered"),
    "bounced": (_("Kembali"), "bounced"),
    "failed": (_("Gagal"), "failed"),
    "expired": (_("Lewat waktu"), "expired"),
    "suppressed": (_("Ditahan"), "suppressed"),
    "unknown": (_("Belum pasti"), "late"),
}

# What one can ask the list for; the states in between last a moment only.
FILTERS = ("queued", "accepted", "failed", "expired", "unknown")

WHAT_IT_MEANS: dict[str, str] = {
    "queued": _("Pesan ini akan kami kirim sendiri; tidak ada yang perlu dilakukan."),
    "claimed": _("Pesan ini sedang disiapkan."),
    "handing_over": _("Pesan ini sedang diserahkan kepada penyedia."),
    "accepted": _("Penyedia sudah menerima pesan ini untuk disampaikan."),
    "delivered": _("Pesan ini sudah sampai di penerima."),
    "read": _("Penerima sudah membuka pesan ini."),
    "bounced": _("Pesan ini dikembalikan. Periksa alamatnya bersama penerima."),
    "failed": _("Penyedia menolak pesan ini. Periksa alamatnya bersama penerima."),
    "expired": _("Pesan ini tidak terkirim sebelum waktunya lewat, lalu tidak kami kirim lagi."),
    "suppressed": _(
        "Pesan ini tidak dikirim: penerima tidak menginginkannya, atau datanya sudah dihapus."
    ),
    "unknown": _(
        "Pesan ini sudah diserahkan, tetapi jawaban penyedia tidak kami terima. Supaya tidak "
        "datang dua kali, pesan ini tidak kami kirim lagi."
    ),
}

OUTCOMES: dict[str, tuple[str, str]] = {
    "accepted": (_("Diterima"), "sent"),
    "retryable": (_("Dicoba lagi"), "pending"),
    "permanent": (_("Ditolak"), "failed"),
    "lost": (_("Terputus"), "pending"),
    "unknown": (_("Tanpa jawaban"), "late"),
}

CHANNELS: dict[str, str] = {"email": _("Surel"), "sms": _("SMS")}

RULES: dict[str, str] = {
    "registration-submitted": _("Pendaftaran diterima"),
    "registration-waitlisted": _("Masuk daftar tunggu"),
    "registration-approved": _("Pendaftaran disetujui"),
    "registration-returned": _("Pendaftaran perlu diperbaiki"),
    "registration-corrected": _("Perubahan pendaftaran"),
    "registration-rejected": _("Pendaftaran tidak disetujui"),
    "registration-cancelled": _("Pendaftaran dibatalkan"),
    "seat-offered": _("Tawaran kursi"),
    "registration-rescheduled": _("Jadwal atau tempat berubah"),
    "own-links": _("Tautan pendaftaran dikirim ulang"),
    "sign-in-code": _("Kode masuk"),
    "account-created": _("Pilih kata sandi"),
    "certificate-issued": _("Sertifikat terbit"),
    "certificate-revoked": _("Sertifikat dicabut"),
}

LANGUAGES: dict[str, str] = {"id": _("Indonesia"), "en": _("Inggris")}
