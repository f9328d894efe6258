"""What starts each rule, and what people can choose about messages, in words."""

from shared.web import gettext_noop as _

# rule -> when it comes
TRIGGERS: dict[str, str] = {
    "registration-submitted": _("Begitu seseorang mendaftar"),
    "registration-waitlisted": _("Begitu seseorang masuk daftar tunggu"),
    "registration-approved": _("Begitu panitia menyetujui pendaftaran"),
    "registration-returned": _("Begitu panitia meminta perbaikan"),
    "registration-corrected": _("Begitu pendaftar memperbaiki isiannya"),
    "registration-rejected": _("Begitu panitia tidak menyetujui pendaftaran"),
    "registration-cancelled": _("Begitu pendaftaran dibatalkan, oleh siapa pun"),
    "seat-offered": _("Begitu ada kursi untuk yang menunggu"),
    "registration-rescheduled": _("Begitu jadwal atau tempat pertemuan berubah"),
    "booth-decided": _("Begitu panitia menerima atau menolak lapak mini, atau mengubah mejanya"),
    "certificate-issued": _("Begitu sertifikat terbit"),
    "certificate-revoked": _("Begitu sertifikat dicabut"),
    "contact-changed": _("Begitu surel atau nomor pendaftar diganti, kepada kontak yang lama"),
    "data-request-asked": _(
        "Begitu seseorang mengajukan permintaan tentang datanya, kepada petugas provinsinya"
    ),
    "data-request-answered": _("Begitu permintaan itu dijawab, kepada yang mengajukannya"),
    "own-links": _("Begitu seseorang meminta tautan pendaftarannya"),
    "sign-in-code": _("Begitu seseorang masuk dengan kode"),
    "account-created": _("Begitu seseorang mendapat akun atau perlu kata sandi baru"),
    "reminder-week": _("Tujuh hari sebelum pertemuan, pukul 09.00 di tempat pertemuan"),
    "reminder-day": _("Sehari sebelum pertemuan, pukul 09.00 di tempat pertemuan"),
    "reminder-morning": _(
        "Pada hari pertama pukul 08.00; bila acara mulai sebelum pukul 10.00 WIB, pada sore "
        "sebelumnya pukul 18.00"
    ),
    "thanks": _("Sehari sesudah pertemuan, pukul 10.00, kepada yang hadir"),
    "pending-digest": _(
        "Setiap pukul 08.00 di tempat petugas, bila ada pendaftaran yang menunggu keputusan"
    ),
    "library-reminder": _(
        "Tanggal 3 dan 7 bulan berikutnya, kepada perpustakaan yang laporannya belum masuk"
    ),
    "silent-digest": _(
        "Mulai tanggal 10, pukul 08.00 di tempat petugas, bila ada perpustakaan yang belum melapor"
    ),
    "report-ready": _("Begitu laporan yang dipesan atau dijadwalkan selesai, kepada pemesannya"),
    "report-failed": _("Begitu laporan yang dipesan atau dijadwalkan tidak berhasil dibuat"),
    "report-returned": _("Begitu petugas mengembalikan laporan, kepada perpustakaannya"),
    "import-finished": _("Begitu impor tabel selesai atau terhenti, kepada pengunggahnya"),
    "announcement": _("Saat petugas mengirim pengumuman"),
}

# class -> what somebody may refuse, and what that means
CHOICES: dict[str, tuple[str, str]] = {
    "reminder": (
        _("Pengingat, dan ucapan terima kasih sesudah pertemuan"),
        _("Menjelang pertemuan, dan bila laporan bulanan perpustakaan belum masuk."),
    ),
    "bulk": (
        _("Pengumuman dari panitia dan perpustakaan nasional"),
        _("Misalnya perubahan acara, materi, atau undangan berikutnya."),
    ),
    "digest": (
        _("Ringkasan harian untuk petugas"),
        _("Paling banyak satu pesan sehari, dan hanya bila ada yang menunggu Anda."),
    ),
}
ENDED: dict[str, str] = {
    "reminder": _("Pengingat tidak akan kami kirim lagi ke alamat ini."),
    "bulk": _("Pengumuman tidak akan kami kirim lagi ke alamat ini."),
    "digest": _("Ringkasan harian tidak akan kami kirim lagi ke alamat ini."),
}

REFUSALS: dict[str, str] = {
    "channels": _("Pilih paling sedikit satu saluran, masing-masing satu kali."),
    "always-on": _("Kode masuk selalu dikirim: tanpa kode itu orang tidak dapat masuk."),
    "enabled": _("Pilih apakah aturan ini berlaku."),
}
LINK_OVER = _(
    "Tautan ini tidak lengkap atau sudah tidak berlaku. Buka lagi tautan dari pesan terbaru kami."
)
