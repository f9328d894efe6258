"""Words for accounts, API tokens and the audit log, marked for the catalogue."""

from shared.web import gettext_noop as _

ROLES: dict[str, tuple[str, str]] = {
    "national": (_("Petugas nasional"), _("Melihat dan mengatur seluruh Indonesia")),
    "province": (_("Petugas provinsi"), _("Tuan rumah pertemuan di satu provinsi")),
    "regency": (_("PIC kabupaten/kota"), _("Mengusulkan perpustakaan dan memantau laporannya")),
    "library": (_("Pengelola perpustakaan"), _("Melaporkan kegiatan perpustakaannya sendiri")),
    "master_trainer": (
        _("Master trainer"),
        _("Mendampingi perpustakaan dan bertugas di pertemuan"),
    ),
}

LEVELS: dict[int, str] = {
    1: _("Provinsi"),
    2: _("Kabupaten/kota"),
    3: _("Kecamatan"),
    4: _("Desa/kelurahan"),
}

SCOPES: dict[str, str] = {
    "read": _("Membaca data"),
    "write": _("Menambah dan mengubah data"),
    "check_in": _("Mencatat kehadiran"),
}

TOKEN_DAYS: dict[str, str] = {
    "30": _("30 hari"),
    "90": _("90 hari"),
    "180": _("180 hari"),
    "365": _("1 tahun"),
}

LANGUAGES: dict[str, str] = {"id": "Bahasa Indonesia", "en": "English"}

REFUSALS: dict[str, str] = {
    "contact": _("Isi alamat surel atau nomor HP dengan lengkap."),
    "too-many-codes": _("Terlalu banyak permintaan kode. Tunggu sebentar, lalu coba lagi."),
    "code": _("Kode ini tidak cocok, atau sudah tidak berlaku. Minta kode baru bila perlu."),
    "short": _("Kata sandi ini terlalu pendek. Pakai 12 huruf atau lebih, misalnya tiga kata."),
    "long": _("Kata sandi ini terlalu panjang; paling banyak 200 huruf."),
    "own": _("Kata sandi tidak boleh memuat surel atau nomor HP Anda."),
    "common": _("Kata sandi ini terlalu mudah ditebak. Pilih yang lain."),
    "again": _("Kedua isian kata sandi tidak sama."),
    "email-taken": _("Alamat surel ini sudah dipakai akun lain."),
    "phone-taken": _("Nomor HP ini sudah dipakai akun lain."),
    "region-unfit": _("Pilih wilayah Anda sendiri yang sesuai dengan peran ini."),
    "may-not-grant": _("Anda tidak dapat memberi atau mengubah akun dengan peran ini."),
    "made-before": _(
        "Token ini sudah dibuat, dan hanya ditampilkan satu kali. Bila tidak tersimpan, cabut "
        "token itu, lalu buat yang baru."
    ),
    "link-sent-often": _("Tautan baru saja dikirim. Tunggu sebentar, lalu coba lagi."),
    "scopes": _("Pilih paling sedikit satu."),
    "role": _("Pilih perannya."),
    "name": _("Isi namanya."),
}

NOUNS: dict[str, str] = {
    "account": _("Akun"),
    "api_token": _("Token API"),
    "round": _("Putaran"),
    "meeting": _("Pertemuan"),
    "agenda_session": _("Sesi acara"),
    "question": _("Pertanyaan"),
    "quota": _("Kuota"),
    "registration": _("Pendaftaran"),
    "booth": _("Lapak"),
    "import_job": _("Impor"),
    "check_in": _("Kehadiran"),
    "certificate": _("Sertifikat"),
    "library": _("Perpustakaan"),
    "person": _("Orang"),
    "training": _("Pelatihan"),
    "consent": _("Persetujuan data"),
    "data_request": _("Permintaan data"),
    "nik": _("NIK"),
}

ACTIONS: dict[str, str] = {
    "signed_in": _("masuk"),
    "signed_out": _("keluar"),
    "signed_out_everywhere": _("keluar dari semua perangkat"),
    "created": _("dibuat"),
    "changed": _("diubah"),
    "disabled": _("dinonaktifkan"),
    "enabled": _("diaktifkan lagi"),
    "password_link_sent": _("dikirimi tautan kata sandi"),
    "password_changed": _("mengganti kata sandi"),
    "revoked": _("dicabut"),
    "published": _("diterbitkan"),
    "closed": _("ditutup"),
    "cloned": _("disalin"),
    "began": _("dimulai"),
    "ended": _("selesai"),
    "ordered": _("diatur urutannya"),
    "quotas_changed": _("diubah kuotanya"),
    "waiting_changed": _("diubah daftar tunggunya"),
    "letter_changed": _("diubah suratnya"),
    "certificate_changed": _("diubah sertifikatnya"),
    "deleted": _("dihapus"),
    "submitted": _("dikirim"),
    "corrected": _("diperbaiki"),
    "approved": _("disetujui"),
    "returned": _("diminta diperbaiki"),
    "rejected": _("ditolak"),
    "cancelled": _("dibatalkan"),
    "offered": _("ditawari tempat"),
    "accepted": _("menerima tawaran"),
    "checked_in": _("dicatat hadir"),
    "undone": _("dibatalkan pencatatannya"),
    "issued": _("diterbitkan"),
    "certificate_issued": _("diberi sertifikat"),
    "certificate_revoked": _("dicabut sertifikatnya"),
    "reissued": _("diterbitkan ulang"),
    "merged": _("digabung"),
    "imported": _("diimpor"),
    "exported": _("diunduh"),
    "erased": _("dihapus datanya"),
    "viewed": _("dilihat"),
}

FIELDS: dict[str, str] = {
    "name": _("nama"),
    "email": _("surel"),
    "phone": _("nomor HP"),
    "role": _("peran"),
    "region_code": _("wilayah"),
    "language": _("bahasa"),
    "status": _("status"),
    "reason": _("alasan"),
    "title": _("judul"),
    "venue": _("tempat"),
    "starts_at": _("mulai"),
    "ends_at": _("selesai"),
    "capacity": _("kapasitas"),
    "scopes": _("hak"),
    "days": _("hari"),
    "position": _("jabatan"),
    "library_name": _("perpustakaan"),
}
