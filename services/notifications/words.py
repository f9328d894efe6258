"""Texts that Python decides, marked for the catalogue."""

from collections.abc import Callable

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
    "cancelled": (_("Dibatalkan"), "cancelled"),
    "unknown": (_("Belum pasti"), "late"),
}

# What one can ask the list for; the states in between last a moment only.
FILTERS = ("queued", "accepted", "delivered", "failed", "bounced", "expired", "unknown")

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
    "cancelled": _("Pengiriman pesan ini dibatalkan oleh petugas."),
    "unknown": _(
        "Pesan ini sudah diserahkan, tetapi jawaban penyedia tidak kami terima. Supaya tidak "
        "datang dua kali, pesan ini tidak kami kirim lagi."
    ),
}

OUTCOMES: dict[str, tuple[str, str]] = {
    "accepted": (_("Diterima"), "sent"),
    "retryable": (_("Dicoba lagi"), "pending"),
    "throttled": (_("Diminta menunggu"), "pending"),
    "permanent": (_("Ditolak"), "failed"),
    "lost": (_("Terputus"), "pending"),
    "unknown": (_("Tanpa jawaban"), "late"),
}

CHANNELS: dict[str, str] = {"email": _("Surel"), "whatsapp": _("WhatsApp"), "sms": _("SMS")}

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
    "booth-decided": _("Lapak mini dijawab"),
    "contact-changed": _("Kontak pendaftaran diganti"),
    "data-request-asked": _("Permintaan data masuk"),
    "data-request-answered": _("Permintaan data dijawab"),
    "own-links": _("Tautan pendaftaran dikirim ulang"),
    "sign-in-code": _("Kode masuk"),
    "account-created": _("Pilih kata sandi"),
    "certificate-issued": _("Sertifikat terbit"),
    "certificate-revoked": _("Sertifikat dicabut"),
    "reminder-week": _("Pengingat seminggu sebelumnya"),
    "reminder-day": _("Pengingat sehari sebelumnya"),
    "reminder-morning": _("Pengingat menjelang acara"),
    "thanks": _("Ucapan terima kasih"),
    "pending-digest": _("Ringkasan pendaftaran yang menunggu"),
    "library-reminder": _("Pengingat laporan bulanan"),
    "silent-digest": _("Perpustakaan yang belum melapor"),
    "report-ready": _("Laporan selesai"),
    "report-failed": _("Laporan gagal"),
    "report-returned": _("Laporan perlu diperbaiki"),
    "import-finished": _("Impor selesai"),
    "announcement": _("Pengumuman"),
    "template-test": _("Percobaan templat"),
}

LANGUAGES: dict[str, str] = {"id": _("Indonesia"), "en": _("Inggris")}

CLASSES: dict[str, str] = {
    "code": _("Kode masuk"),
    "transactional": _("Kabar tentang pendaftaran dan akun"),
    "reminder": _("Pengingat"),
    "bulk": _("Pengumuman"),
    "digest": _("Ringkasan harian"),
}

# `Message.state_reason` -> why it is in its state; what is not here needs no explanation.
REASONS: dict[str, str] = {
    "late": _("Waktunya lewat sebelum terkirim."),
    "overtaken": _(
        "Sudah ada kabar yang lebih baru tentang hal yang sama, atau pertemuannya berubah atau "
        "dibatalkan."
    ),
    "refused": _("Penyedia menolaknya untuk seterusnya."),
    "no_way": _(
        "Tidak ada jalan ke orang ini: alamat untuk saluran yang dipakai aturannya tidak ada, atau "
        "salurannya belum dipasang. Lengkapi alamatnya, atau minta petugas nasional menambah "
        "saluran pada aturannya; kabar berikutnya lalu sampai. Kabar ini sampaikan sendiri."
    ),
    "erased": _("Data penerima sudah dihapus."),
    "suppressed": _("Alamat ini ada di daftar alamat yang ditahan."),
    "unwanted": _("Penerima tidak ingin menerima pesan jenis ini."),
    "night": _(
        "Menunggu pagi di tempat penerima: pesan jenis ini hanya dikirim pukul 08.00–20.00."
    ),
    "cap": _("Penerima sudah mendapat cukup pesan hari ini; dikirim besok."),
    "official": _("Atas permintaan petugas."),
    "bounced": _("Surelnya dikembalikan oleh server penerima."),
    "undelivered": _("Penyedia menerimanya, tetapi tidak dapat menyampaikannya."),
    "away": _("Salurannya terganggu terlalu lama, jadi dikirim lewat saluran berikutnya."),
    "missing": _("Ternyata penyedia tidak pernah mendapatnya, jadi dikirim lagi."),
    "unsettled": _("Penyedia tidak dapat mengatakan apakah pesan ini ada padanya."),
}

# What stands in a message's history, and the look of its tag.
EVENTS: dict[str, tuple[str, str]] = {
    "written": (_("Ditulis"), "queued"),
    "handing_over": (_("Sedang diserahkan"), "running"),
    "settling": (_("Ditanyakan kepada penyedia"), "late"),
    "fallback_to": (_("Dilanjutkan lewat saluran lain"), "running"),
    "fallback_from": (_("Menggantikan pesan di saluran lain"), "running"),
    "cancelled": (_("Dibatalkan petugas"), "cancelled"),
    "retried": (_("Dikirim ulang oleh petugas"), "queued"),
    "replayed": (_("Dibuatkan pesan baru"), "running"),
    "replay_of": (_("Ulangan dari pesan lain"), "running"),
}

# `Receipt.state` -> what the provider told afterwards.
RECEIPTS: dict[str, tuple[str, str]] = {
    "accepted": (_("Kabar: masih dalam perjalanan"), "pending"),
    "delivered": (_("Kabar: sampai"), "delivered"),
    "read": (_("Kabar: dibaca"), "delivered"),
    "bounced": (_("Kabar: dikembalikan"), "bounced"),
    "failed": (_("Kabar: gagal"), "failed"),
    "complaint": (_("Kabar: penerima keberatan"), "bounced"),
}

# What an official can do -> the button, the question, what it means, and the word in `?done=`.
ACTIONS: dict[str, tuple[str, str, str]] = {
    "cancel": (
        _("Batalkan"),
        _("Batalkan pengiriman?"),
        _(
            "Pesan yang masih menunggu tidak jadi dikirim. Yang sudah diserahkan tidak dapat "
            "ditarik."
        ),
    ),
    "retry": (
        _("Kirim lagi"),
        _("Kirim lagi?"),
        _(
            "Pesan yang sama dikirim sekali lagi ke alamat yang sama, secepatnya. Bila waktunya "
            "sudah lewat, kabar dan pengumuman diberi waktu satu hari lagi."
        ),
    ),
    "replay": (
        _("Kirim sebagai pesan baru"),
        _("Kirim sebagai pesan baru?"),
        _(
            "Isinya sama, tetapi menjadi pesan baru dengan riwayat sendiri. Alamatnya boleh "
            "diperbaiki; tautan pribadi di dalamnya ikut terkirim ke alamat itu."
        ),
    ),
}
DONE: dict[str, str] = {"cancel": "cancelled", "retry": "retried", "replay": "replayed"}
WAS_DONE: dict[str, str] = {
    "cancelled": _("Pengiriman dibatalkan"),
    "retried": _("Pesan masuk antrean lagi"),
    "replayed": _("Pesan baru dibuat"),
}
MAY_COME_TWICE = _(
    "Penyedia mungkin sudah menyampaikan pesan yang belum pasti. Bila dikirim lagi, penerima dapat "
    "menerimanya dua kali."
)

FILTER_NAMES: dict[str, str] = {
    "q": _("Nama, alamat, atau nomor"),
    "recipient": _("Alamat atau nomor"),
    "person": _("Nama"),
    "state": _("Keadaan"),
    "class": _("Jenis"),
    "rule": _("Isi"),
    "template": _("Templat"),
    "channel": _("Saluran"),
    "meeting": _("Pertemuan"),
    "since": _("Dari tanggal"),
    "until": _("Sampai tanggal"),
}

SUPPRESSIONS: dict[str, tuple[str, str]] = {
    "bounce": (_("Surel dikembalikan"), "bounced"),
    "complaint": (_("Penerima keberatan"), "late"),
    "manual": (_("Ditambahkan petugas"), "pending"),
}

BREAKERS: dict[str, tuple[str, str]] = {
    "closed": (_("Berjalan"), "done"),
    "half_open": (_("Sedang dicoba lagi"), "late"),
    "open": (_("Berhenti sementara"), "failed"),
}

REFUSALS: dict[str, str] = {
    "form-expired": _("Formulir ini sudah terlalu lama terbuka. Periksa isinya, lalu kirim lagi."),
    "not-possible": _(
        "Ini tidak dapat dilakukan: keadaan pesannya sudah berubah, alamatnya ditahan, atau "
        "pesannya tidak berguna lagi."
    ),
    "email": _("Tulis alamat surel yang lengkap, misalnya nama@contoh.id."),
    "phone": _("Tulis nomor HP yang lengkap, misalnya 0812 3456 7890."),
    "note": _("Alasan paling panjang 500 huruf."),
    "reason": _("Tulis alasannya, paling sedikit tiga huruf."),
    "channel": _("Pilih salurannya."),
    "count-changed": _(
        "Jumlah pesannya sudah berubah, jadi belum ada yang dilakukan. Periksa lagi, lalu "
        "lanjutkan."
    ),
    "already-suppressed": _("Alamat ini sudah ada di daftar."),
    "months": _("Pilih paling lama 24 bulan, dari bulan yang lebih awal ke yang lebih akhir."),
}


def said(name: str, value: str, say: Callable[[str], str]) -> str:
    """The value of a filter, in the reader's words."""
    match name:
        case "state":
            return say(STATES[value][0])
        case "class" | "channel" | "rule":
            known = {"class": CLASSES, "channel": CHANNELS, "rule": RULES}[name]
            return say(known[value]) if value in known else value
        case _:
            return value
