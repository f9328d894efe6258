"""Texts that Python decides, marked for the catalogue."""

from shared.web import gettext_noop as _

PARTICIPANT_TYPES: dict[str, tuple[str, str]] = {
    "province_library": (_("Dinas Perpustakaan Provinsi"), ""),
    "regency_library": (_("Dinas Perpustakaan Kabupaten/Kota"), ""),
    "village_library": (
        _("Perpustakaan desa/kelurahan"),
        _("Pengelola perpustakaan desa, kelurahan, atau taman bacaan"),
    ),
    "champion_village": (
        _("Desa Champion"),
        _("Perpustakaan yang dipilih untuk berbagi praktik baik"),
    ),
    "impact": (
        _("Impact (penerima manfaat)"),
        _("Warga yang bercerita tentang perubahan hidupnya"),
    ),
}

STATUSES: dict[str, str] = {
    "submitted": _("Terkirim, menunggu persetujuan"),
    "needs_correction": _("Perlu perbaikan"),
    "approved": _("Disetujui"),
    "waiting": _("Daftar tunggu"),
    "offered": _("Kursi ditawarkan"),
    "rejected": _("Ditolak"),
    "cancelled": _("Dibatalkan"),
}

QUOTA_KINDS: dict[str, str] = {
    "meeting": _("Seluruh pertemuan"),
    "participant_type": _("Jenis peserta"),
    "region": _("Kabupaten/kota"),
    "institution": _("Setiap instansi"),
}

# UU 27/2022 article 21: ground, purpose, kinds of data and retention, before asking.
CONSENT = _(
    "Saya setuju data di formulir ini (nama, kontak, wilayah, perpustakaan, jabatan, serta NIK, "
    "surat tugas, kebutuhan khusus, dan jawaban bila saya isi) diolah oleh penyelenggara untuk "
    "pendaftaran, penyelenggaraan, daftar hadir, dan sertifikat pertemuan ini, dan disimpan "
    "paling lama lima tahun. Saya dapat melihat, memperbaiki, atau meminta penghapusan kapan saja."
)

REFUSALS: dict[str, str] = {
    "closed": _("Pendaftaran pertemuan ini sudah ditutup. Lihat pertemuan lain yang masih dibuka."),
    "quota-full": _("Tempat sudah penuh."),
    "quota-full-meeting": _("Semua tempat di pertemuan ini sudah terisi."),
    "quota-full-participant_type": _("Tempat untuk jenis peserta ini sudah terisi."),
    "quota-full-institution": _("Tempat untuk perpustakaan atau instansi ini sudah terisi."),
    "quota-full-region": _("Tempat untuk kabupaten/kota ini sudah terisi."),
    "already-registered": _(
        "Orang dengan nama dan kontak ini sudah terdaftar di pertemuan ini. Buka tautan di pesan "
        "pendaftarannya, atau minta tautan itu dikirim lagi."
    ),
    "not-possible": _(
        "Langkah ini tidak dapat dilakukan lagi. Muat ulang halaman untuk melihat keadaan terbaru."
    ),
    "not-over": _("Sertifikat baru dapat diterbitkan pada hari terakhir pertemuan."),
    "door-closed": _(
        "Check-in terbuka bagi petugas kabupaten/kota dari tiga hari sebelum pertemuan sampai "
        "tujuh hari sesudahnya. Di luar itu, tuan rumah yang mengurusnya."
    ),
    "quota-below-taken": _(
        "Kuota tidak boleh lebih kecil daripada kursi yang sudah terisi. Batalkan dulu sebagian "
        "pendaftaran, atau naikkan kuotanya."
    ),
    "region-level": _(
        "Wilayah ini tidak sesuai dengan jenis pesertanya: provinsi untuk dinas provinsi, "
        "kabupaten/kota untuk dinas kabupaten/kota, desa/kelurahan untuk perpustakaan desa."
    ),
    "answers": _("Ada jawaban atas pertanyaan tuan rumah yang perlu diperbaiki."),
    "region-outside": _("Pilih wilayah di provinsi tempat pertemuan ini diadakan."),
    "form-expired": _("Formulir ini sudah terlalu lama terbuka. Periksa isinya, lalu kirim lagi."),
    "form-reused": _(
        "Formulir ini sudah pernah dikirim dengan isi lain. Periksa isinya, lalu kirim lagi "
        "bila Anda mendaftarkan orang lain."
    ),
    "key-reused": _("Idempotency-Key ini sudah dipakai dengan isi lain."),
    "sign-in": _("Surel atau kata sandi tidak cocok."),
    "too-many-tries": _("Terlalu banyak percobaan masuk. Tunggu sebentar, lalu coba lagi."),
}

# Instead of "empty or too short", by field.
EMPTY: dict[str, str] = {
    "name": _("Isi nama lengkap."),
    "participant_type": _("Pilih Anda datang sebagai apa."),
    "region_code": _("Pilih wilayah dari daftar."),
    "library_name": _("Isi nama perpustakaan atau instansi."),
    "position": _("Isi jabatan."),
    "consent": _("Persetujuan ini diperlukan untuk mendaftar."),
}
