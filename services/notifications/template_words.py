"""Texts of the template editor that Python decides, marked for the catalogue."""

from shared.web import gettext_noop as _

# state -> how it is said, and the look of its tag (see "Tags" in site.css)
STATES: dict[str, tuple[str, str]] = {
    "draft": (_("Draf"), "pending"),
    "published": (_("Dipakai sekarang"), "published"),
    "retired": (_("Tidak dipakai lagi"), "expired"),
    "base": (_("Bawaan"), "expired"),
}

PARTS: dict[str, tuple[str, str]] = {
    "subject": (_("Subjek surel"), _("Satu baris. Isian ditulis seperti ini: {{ meeting }}")),
    "text": (_("Surel sebagai teks"), _("Untuk program surel yang tidak menampilkan HTML")),
    "html": (_("Surel sebagai HTML"), _("Kepala dan kaki surel datang dari layout.html.")),
    "sms": (_("SMS"), _("Makin pendek makin murah: satu SMS memuat 160 huruf.")),
    "whatsapp": (
        _("WhatsApp"),
        _("Hanya teks dan isian. Sesudah berubah, teks ini harus disetujui Meta lagi."),
    ),
}

LANGUAGES: dict[str, str] = {"id": _("Bahasa Indonesia"), "en": _("Bahasa Inggris")}

CHANNELS: dict[str, str] = {"email": _("Surel ke alamat saya"), "sms": _("SMS ke nomor saya")}

REFUSALS: dict[str, str] = {
    "form-expired": _("Formulir ini sudah terlalu lama terbuka. Periksa isinya, lalu kirim lagi."),
    "overtaken": _(
        "{who} sudah mengubahnya ({at}). Yang Anda ketik masih ada di bawah; bandingkan dengan "
        "versi terbaru, lalu simpan lagi bila perlu."
    ),
    "changed": _("{who} sudah mengubahnya ({at}). Periksa lagi sebelum melanjutkan."),
    "no-draft": _("Draf ini sudah tidak ada: sudah diterbitkan atau dibuang."),
    "draft-exists": _("Templat ini sudah punya draf."),
    "not-ready": _("Templat ini belum dapat dipakai: ada yang harus diperbaiki."),
    "no-address": _(
        "Akun Anda belum punya alamat untuk itu. Lengkapi di halaman akun, lalu coba lagi."
    ),
}

DONE: dict[str, tuple[str, str]] = {
    "saved": (_("Draf tersimpan"), _("Pesan yang dikirim belum berubah.")),
    "published": (_("Templat diterbitkan"), _("Pesan berikutnya memakai kata-kata ini.")),
    "discarded": (_("Draf dibuang"), _("Isinya masih dapat dilihat di riwayat.")),
    "restored": (_("Versi lama dipakai lagi"), _("Pesan berikutnya memakai kata-kata ini.")),
    "tested": (_("Pesan percobaan dikirim"), _("Biasanya sampai dalam semenit.")),
}
