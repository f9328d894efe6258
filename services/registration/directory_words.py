"""Words of the directory and of the pages about people's own data, marked for the catalogue."""

from shared.web import gettext_noop as _

KINDS: dict[str, str] = {
    "province": _("Perpustakaan provinsi"),
    "regency": _("Perpustakaan kabupaten/kota"),
    "village": _("Perpustakaan desa/kelurahan"),
    "tbm": _("Taman bacaan masyarakat (TBM)"),
    "other": _("Lainnya"),
}

PARTNERS: dict[str, str] = {
    "none": _("Bukan mitra"),
    "partner": _("Mitra program"),
    "self_funded": _("Replikasi mandiri"),
    "champion": _("Desa Champion"),
}

REFUSALS: dict[str, str] = {
    "name": _("Isi nama perpustakaan."),
    "kind": _("Pilih jenisnya."),
    "region_code": _("Pilih wilayah dari daftar."),
    "region-level": _("Wilayah ini tidak sesuai dengan jenis perpustakaannya."),
    "region-not-yours": _("Wilayah ini di luar wilayah kerja Anda."),
    "joined_year": _("Tulis tahun dengan empat angka, misalnya 2019."),
    "npp": _("NPP ini terlalu panjang."),
    "exists": _("Perpustakaan dengan nama ini sudah ada di wilayah itu."),
    "changed": _("Data ini baru saja diubah orang lain. Buka lagi, lalu ulangi perubahan Anda."),
    "merged": _("Salah satu dari keduanya sudah digabungkan. Muat ulang daftar ini."),
    "answered": _("Permintaan ini sudah ditanggapi."),
    "reason": _("Tulis alasannya."),
}

# What two entries share, see `merging.Pair`.
SHARED: dict[str, str] = {
    "name": _("Nama sama di satu kabupaten/kota"),
    "email": _("Surel sama"),
    "phone": _("Nomor HP sama"),
    "npp": _("NPP sama"),
}

MOVED: dict[str, str] = {
    "registrations": _("Pendaftaran"),
    "people": _("Orang"),
    "accounts": _("Akun"),
    "trainings": _("Riwayat pelatihan"),
}

FILLED: dict[str, str] = {
    "npp": _("NPP"),
    "joined_year": _("Tahun bergabung"),
    "contact_name": _("Nama kontak"),
    "email": _("Surel"),
    "phone": _("Nomor HP"),
    "position": _("Jabatan"),
    "library_id": _("Perpustakaan"),
}

# What a person may ask about their data: the name, and what it means.
REQUESTS: dict[str, tuple[str, str]] = {
    "access": (_("Melihat data"), ""),
    "correct": (
        _("Perbaikan data"),
        _("Tulis bagian mana yang salah, dan bagaimana seharusnya."),
    ),
    "delete": (
        _("Penghapusan data"),
        _("Nama, kontak, NIK, jawaban, kebutuhan, lapak, dan berkas Anda dihapus untuk selamanya."),
    ),
    "stop": (
        _("Penghentian pemrosesan"),
        _("Semua persetujuan Anda berakhir, dan data Anda tidak dipakai lagi selain disimpan."),
    ),
}

IMPORTED: dict[str, str] = {
    "taken": _("Ditambahkan"),
    "completed": _("Dilengkapi"),
    "already": _("Sudah ada, tidak berubah"),
}

UNREADABLE = _("NIK ini tidak dapat dibuka dengan kunci yang ada. Hubungi pengelola sistem.")
SAME_NIK = _("NIK yang sama dipakai pendaftaran lain di pertemuan ini.")
