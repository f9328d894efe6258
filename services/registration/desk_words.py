"""Texts of the desk, of delegations and of imports, marked for the catalogue."""

from shared.web import gettext_noop as _

MEETING_STATES: dict[str, str] = {
    "draft": _("Rancangan"),
    "published": _("Pendaftaran dibuka"),
    "closed": _("Pendaftaran ditutup"),
    "running": _("Sedang berlangsung"),
    "done": _("Selesai"),
    "cancelled": _("Dibatalkan"),
}

ALL = _("Semua")
ROW = _("Baris {number}: {message}")

ACTIONS: dict[str, str] = {
    "approve": _("Setujui"),
    "send_back": _("Minta perbaikan"),
    "wait": _("Ke daftar tunggu"),
    "reject": _("Tolak"),
    "withdraw": _("Cabut"),
}

# What a decision did, before a number.
DONE: dict[str, str] = {
    "approve": _("{n} disetujui"),
    "send_back": _("{n} diminta memperbaiki"),
    "wait": _("{n} dipindah ke daftar tunggu"),
    "reject": _("{n} ditolak"),
    "withdraw": _("{n} dicabut, dan kursinya diberikan kepada yang menunggu"),
}
SKIPPED = _("{n} dilewati, karena statusnya {status}")

# The person reads it in the message, so it speaks to them.
REASONS: dict[str, tuple[str, ...]] = {
    "send_back": (
        _("Surat tugas belum ada atau tidak terbaca."),
        _("Nama belum lengkap seperti yang akan ditulis di sertifikat."),
        _("Nama perpustakaan atau wilayahnya belum tepat."),
    ),
    "reject": (
        _("Tempat untuk wilayah ini sudah terisi."),
        _("Pertemuan ini untuk perpustakaan penerima manfaat."),
        _("Sudah ada wakil dari perpustakaan yang sama."),
    ),
    "withdraw": (
        _("Anda memberi tahu bahwa tidak dapat hadir."),
        _("Terdaftar dua kali; pendaftaran yang lain tetap berlaku."),
    ),
}

# What the sheet of needs says of each person, before what they need and answered.
SHEET: tuple[str, ...] = (
    *(_("Kode"), _("Nama"), _("Perpustakaan atau instansi"), _("Wilayah"), _("Jenis peserta")),
    _("Status"),
)
NEEDS: dict[str, str] = {
    "diet": _("Makanan"),
    "access": _("Bantuan untuk disabilitas"),
    "transport": _("Perjalanan"),
    "lodging": _("Penginapan"),
}
NEEDED = _("Perlu")

ORIGINS: dict[str, str] = {
    "form": _("Mendaftar sendiri"),
    "api": _("Lewat program lain"),
    "delegation": _("Didaftarkan dalam delegasi"),
    "import": _("Diimpor dari tabel"),
}

BOOTH_STATES: dict[str, str] = {
    "requested": _("Lapak diminta"),
    "accepted": _("Lapak diterima"),
    "declined": _("Lapak tidak diterima"),
}

HISTORY: dict[str, str] = {
    "registered": _("Terdaftar"),
    "approved": _("Disetujui"),
    "returned": _("Diminta memperbaiki"),
    "rejected": _("Ditolak"),
    "waitlisted": _("Dipindah ke daftar tunggu"),
    "offered": _("Kursi ditawarkan"),
    "accepted": _("Menerima kursi yang ditawarkan"),
    "cancelled": _("Dibatalkan"),
    "offer_expired": _("Tawaran kursi lewat waktunya"),
    "corrected": _("Isian diperbaiki"),
    "booth_accepted": _("Lapak diterima"),
    "booth_declined": _("Lapak tidak diterima"),
    "checked_in": _("Hadir"),
    "undone": _("Kehadiran dibatalkan"),
    "certificate_issued": _("Sertifikat diterbitkan"),
    "certificate_revoked": _("Sertifikat dicabut"),
}

PEOPLE_CONSENT_VERSION = "delegation-2026-1"
PEOPLE_CONSENT = _(
    "Setiap orang dalam daftar ini sudah tahu bahwa saya mendaftarkannya, dan setuju datanya "
    "(nama, kontak, wilayah, perpustakaan, jabatan) diolah penyelenggara untuk pendaftaran, "
    "daftar hadir, dan sertifikat pertemuan ini."
)

# What became of one row of a delegation or an import.
OUTCOMES: dict[str, str] = {
    "taken": _("Terdaftar, menunggu persetujuan"),
    "waiting": _("Masuk daftar tunggu"),
    "already": _("Sudah terdaftar sebelumnya"),
    "ended": _("Pernah terdaftar, lalu ditolak atau dibatalkan"),
    "full": _("Kuota penuh"),
    "closed": _("Pendaftaran sudah ditutup"),
}
# The tag of an outcome, see "Tags" in site.css.
OUTCOME_TAGS: dict[str, str] = {
    "taken": "approved",
    "waiting": "waiting",
    "already": "open",
    "ended": "rejected",
    "full": "rejected",
    "closed": "rejected",
}

IMPORT_STATES: dict[str, str] = {
    "reading": _("Sedang dibaca"),
    "ready": _("Sudah dibaca, menunggu Anda"),
    "taking": _("Sedang dimasukkan"),
    "done": _("Selesai"),
    "failed": _("Gagal"),
    "cancelled": _("Dibatalkan"),
}

# Why a sheet could not be read at all.
UNREADABLE: dict[str, str] = {
    "no-heading": _(
        "Baris judul kolom tidak ditemukan. Pakai templat, dan jangan mengubah judul kolomnya."
    ),
    "missing-columns": _("Kolom ini tidak ada: {columns}. Pakai judul kolom seperti di templat."),
    "no-rows": _("Di bawah judul kolom tidak ada satu baris pun yang terisi."),
    "too-many-rows": _(
        "Tabel ini terlalu besar: paling banyak 5.000 baris terisi. Bagi menjadi beberapa berkas."
    ),
    "damaged": _("Berkas ini rusak atau bukan tabel. Simpan ulang, lalu unggah lagi."),
    "unexpected": _(
        "Ada kesalahan di pihak kami dan sudah kami catat. Yang sudah masuk tetap aman; "
        "coba lanjutkan, atau unggah lagi: tidak akan ada yang terdaftar dua kali."
    ),
}

FAULTS: dict[str, str] = {
    "region-empty": _("Isi kode wilayah, atau nama kabupaten/kota."),
    "region-code": _("Kode wilayah {code} tidak dikenal. Lihat daftar kode di templat."),
    "region-outside": _("{region} di luar provinsi tempat pertemuan ini diadakan."),
    "region-not-yours": _("{region} di luar wilayah akun Anda."),
    "region-unknown": _("{name} tidak ditemukan di {around}. Periksa ejaannya."),
    "region-ambiguous": _("Ada beberapa yang bernama {name}: {found}. Isi kode wilayahnya."),
    "region-gap": _("Isi juga nama kabupaten/kotanya."),
    "type-unknown": _("Jenis peserta “{name}” tidak dikenal. Pilih salah satu: {known}."),
    "region-too-large": _("Untuk {type}, isi wilayahnya sampai nama desa atau kelurahan."),
    "region-too-small": _("Untuk {type}, wilayahnya tidak sampai kecamatan atau desa."),
    "same-row": _("Orang ini sama dengan baris {number}; hapus salah satu."),
    "type-empty": _("Isi jenis peserta."),
}

REFUSALS: dict[str, str] = {
    "nobody": _("Pilih dulu satu pendaftaran atau lebih."),
    "no-action": _("Pilih apa yang akan dilakukan."),
    "reason": _("Tulis alasannya; orang yang mendaftar membacanya di pesan dari kami."),
    "meeting-over": _("Pertemuan ini sudah selesai atau dibatalkan; tidak ada yang dapat diubah."),
    "consent": _("Nyatakan dulu bahwa orang-orang ini sudah setuju."),
    "no-file": _("Pilih berkas XLSX atau CSV."),
    "no-people": _("Isi setidaknya satu baris."),
    "not-ready": _("Impor ini sudah berjalan atau sudah berakhir. Muat ulang halaman ini."),
    "no-rows-chosen": _("Pilih dulu satu baris atau lebih."),
    "booth-number": _("Nomor lapak paling panjang 20 huruf."),
}
