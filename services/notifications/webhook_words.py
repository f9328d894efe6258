"""Texts of webhooks that Python decides, marked for the catalogue."""

from shared.web import gettext_noop as _

# state -> how it is said, and the look of its tag (see "Tags" in site.css)
ENDPOINTS: dict[str, tuple[str, str]] = {
    "active": (_("Aktif"), "valid"),
    "paused": (_("Dijeda"), "pending"),
    "failing": (_("Sedang gagal"), "late"),
    "disabled": (_("Dihentikan"), "failed"),
}

DELIVERIES: dict[str, tuple[str, str]] = {
    "queued": (_("Menunggu dikirim"), "queued"),
    "delivered": (_("Sampai"), "delivered"),
    "failed": (_("Gagal"), "failed"),
    "cancelled": (_("Dibatalkan"), "expired"),
}

REASONS: dict[str, str] = {
    "gone": _("Penerima menjawab 410: ia tidak ingin diberi tahu lagi."),
    "failing": _("Semua kiriman gagal selama berhari-hari, jadi kami berhenti mencoba."),
}

TEST = _("Kiriman percobaan")
ERASED = _("Data peserta dihapus")

# webhook_targets.TargetRefused.code
TARGETS: dict[str, str] = {
    "url": _("Alamat ini tidak lengkap. Contoh: https://sistem.contoh.id/webhook"),
    "https": _("Alamat harus dimulai dengan https://"),
    "userinfo": _("Alamat tidak boleh memuat nama pengguna atau kata sandi."),
    "port": _("Nomor port ini tidak diperbolehkan. Pakai 443, 80, atau 1024 ke atas."),
    "private": _("Alamat ini tidak berada di internet, jadi tidak kami hubungi."),
}

REFUSALS: dict[str, str] = {
    "name": _("Tulis nama sistem penerima."),
    "types": _("Pilih paling sedikit satu peristiwa."),
    "too-many": _("Wilayah Anda sudah punya webhook sebanyak yang diperbolehkan."),
    "made-before": _(
        "Webhook ini sudah dibuat dan kuncinya sudah ditampilkan. Buka webhook itu untuk mengganti "
        "kuncinya bila belum Anda simpan."
    ),
    "form-expired": _("Formulir ini terbuka terlalu lama. Periksa isinya, lalu kirim sekali lagi."),
    "not-possible": _("Kiriman ini tidak dapat diulang: isinya sudah dihapus atau sedang dikirim."),
}
