"""Texts of the registration form and of the own page that Python decides."""

from shared.web import gettext_noop as _

# By the levels that a participant type may choose from, see `participant_types.Terms`.
REGION_LEVELS: dict[tuple[int, int], str] = {
    (2, 2): _("Pilih kabupaten/kota Anda."),
    (4, 4): _("Pilih sampai desa/kelurahan tempat perpustakaan Anda."),
    (2, 4): _("Pilih paling sedikit kabupaten/kotanya."),
}

PRICE = _("Tulis harga dengan angka saja, misalnya 25.000.")
BOOTH_TITLE = _("Beri nama lapak Anda, atau kosongkan semua isian lapak.")
PRODUCT_NAME = _("Tulis nama produknya.")
TOO_MANY_PHOTOS = _("Paling banyak empat foto. Hapus dulu salah satu.")
TOO_MANY_TRIES = _(
    "Terlalu banyak pendaftaran dari tempat ini dalam satu jam. Isian Anda masih ada di sini; "
    "kirim lagi sebentar lagi."
)
TOO_MANY_FILES = _("Terlalu banyak berkas dari tempat ini dalam satu jam. Coba lagi nanti.")
NO_CERTIFICATE_CODE = _(
    "Kode sertifikat terdiri atas huruf dan angka, seperti 7QF3-M2DX-K4TN-8WPC."
)
TICKET_QR = _("Kode QR tiket")
UNKNOWN_CONTACT = _("Tulis alamat surel atau nomor HP yang lengkap.")

PHOTO_CONSENT = _(
    "Penyelenggara boleh memuat foto pertemuan yang menampakkan saya dalam laporan dan berita "
    "program ini."
)
DIRECTORY_CONSENT = _(
    "Nama, jabatan, perpustakaan, dan kabupaten/kota saya boleh dilihat peserta lain yang "
    "disetujui di pertemuan ini, lewat halaman pendaftaran mereka. Kontak saya tidak ditampilkan."
)
GALLERY_CONSENT = _(
    "Lapak ini, dengan foto dan nama perpustakaannya, boleh ditampilkan di galeri pertemuan yang "
    "dapat dilihat siapa saja."
)

# What a status means for the registrant: a title, its tone, and what happens next.
NEXT: dict[str, tuple[str, str, str]] = {
    "submitted": (
        _("Pendaftaran sudah kami terima"),
        "good",
        _("Tuan rumah memeriksa pendaftaran ini, lalu kami mengabari Anda lagi."),
    ),
    "needs_correction": (
        _("Pendaftaran ini perlu diperbaiki"),
        "waits",
        _("Kursi Anda tetap disimpan. Perbaiki isiannya, lalu tuan rumah memeriksanya lagi."),
    ),
    "approved": (
        _("Anda terdaftar sebagai peserta"),
        "good",
        _("Tunjukkan tiket di bawah ini kepada petugas saat datang."),
    ),
    "waiting": (
        _("Anda ada di daftar tunggu"),
        "waits",
        _("Begitu ada kursi yang cocok, kami menawarkannya kepada Anda menurut urutan."),
    ),
    "offered": (
        _("Ada kursi untuk Anda"),
        "waits",
        _("Terima kursi ini sebelum batas waktunya. Setelah itu kursi diberikan ke yang lain."),
    ),
    "rejected": (
        _("Pendaftaran ini tidak diterima"),
        "bad",
        _("Kursi Anda diberikan ke yang lain."),
    ),
    "cancelled": (
        _("Pendaftaran ini dibatalkan"),
        "bad",
        _("Anda boleh mendaftar lagi selama pendaftaran masih dibuka."),
    ),
}

# Reasons that the system itself gives, see `seats.expire_offers`.
REASONS: dict[str, str] = {
    "offer-expired": _("Batas waktu untuk menerima kursi sudah lewat."),
}
