"""Texts of imports and of boundary changes that Python decides, marked for the catalogue."""

from services.reporting import own_words
from shared.web import gettext_noop as _

# State -> the class of its tag, and its word.
STATES: dict[str, tuple[str, str]] = {
    "reading": ("running", _("Sedang dibaca")),
    "ready": ("waiting", _("Menunggu keputusan Anda")),
    "taking": ("running", _("Sedang dimasukkan")),
    "done": ("done", _("Selesai")),
    "undoing": ("running", _("Sedang ditarik kembali")),
    "undone": ("cancelled", _("Ditarik kembali")),
    "failed": ("failed", _("Gagal")),
    "cancelled": ("cancelled", _("Dibatalkan")),
}
WORKING: dict[str, str] = {
    "reading": _("Kami membaca dan memeriksa setiap baris. Belum ada yang dimasukkan."),
    "taking": _("Kami memasukkan baris yang sudah benar."),
    "undoing": _("Kami menarik kembali laporan yang dibawa berkas ini."),
}

# Why a whole file cannot be read: `sim_files.Unreadable`, and what the engine itself ends with.
UNREADABLE: dict[str, str] = {
    "no-array": _(
        "Berkas JSON ini bukan daftar baris. Ekspor SIM TPBIS diawali [ dan berisi objek {…}."
    ),
    "damaged": _("Berkas ini rusak atau terpotong. Ekspor ulang dari SIM TPBIS, lalu unggah lagi."),
    "too-many-rows": _(
        "Berkas ini lebih dari 200.000 baris atau terlalu lebar. Bagi menjadi beberapa berkas."
    ),
    "too-heavy": _(
        "Berkas ini terlalu berat untuk dibaca. Ekspor ulang dari SIM TPBIS, bagi menjadi beberapa "
        "berkas, lalu unggah lagi."
    ),
    "no-rows": _("Tidak ada baris di dalam berkas ini."),
    "unexpected": _(
        "Terjadi kesalahan di pihak kami, dan sudah kami catat. Baris yang sudah selesai tetap "
        "tersimpan; Anda dapat melanjutkannya."
    ),
    "gave-up": _(
        "Pekerjaan ini terputus lima kali berturut-turut. Baris yang sudah selesai tetap "
        "tersimpan; Anda dapat melanjutkannya."
    ),
}

# Why a file is not even kept: `shared.uploads.Refused`.
REFUSED: dict[str, str] = {
    "too-large": _("Berkas ini terlalu besar. Kecilkan dengan gzip, atau bagi menjadi beberapa."),
    "wrong-kind": _("Jenis berkas ini tidak dikenal. Pilih JSON, CSV, atau Excel (.xlsx)."),
    "damaged": _("Berkas ini rusak atau terkunci. Simpan ulang, lalu unggah lagi."),
    "active-content": _("Berkas ini berisi makro. Simpan ulang tanpa isi itu."),
    "archive-bomb": _("Isi berkas ini lebih dari 128 MB ketika dibuka. Bagi menjadi beberapa."),
    "empty": _("Berkas ini kosong. Pilih berkas lain."),
}

# Why a row is refused: by column, and under no column what is wrong with the row as a whole.
ERRORS: dict[str, str] = own_words.MISTAKES | {
    "iku": _("Ini skor IKU. Sejawat menghitung skornya sendiri dari laporan."),
    "no-stream": _("Jenis laporan baris ini tidak dikenali dari kolomnya. Pilih saat mengunggah."),
    "outside": _("Wilayah baris ini di luar wilayah Anda."),
    "missing": _("Wajib diisi."),
    "too-long": _("Terlalu panjang."),
    "no-date": _(
        "Tanggal tidak dapat dibaca. Tulis seperti 2026-03-17, 17/03/2026, atau Mar 2026."
    ),
    "no-period": _(
        "Berkas ini tidak menyebut tanggal. Unggah lagi, dan isi bulannya di formulir unggah."
    ),
    "not-in-list": _("Tidak ada dalam daftar pilihan."),
    "no-number": _(
        "Bukan angka bulat. Tulis seperti 1250 atau 1.250; pecahan hanya untuk bandwidth, "
        "seperti 12,5."
    ),
}

# What is hardly right: taken over as it is, but shown.
NOTES: dict[str, str] = {
    "new-year": _("Tanggalnya 1 Januari."),
    "zero": _("Semua angkanya nol."),
    "total-differs": _("Jumlah di berkas berbeda dari hasil penjumlahan."),
    "same-row": _("Baris yang sama persis sudah ada di atasnya."),
    "twin": _("Baris di atasnya menyebut perpustakaan, tanggal, dan judul yang sama."),
    "period-chosen": _(
        "Tanpa tanggal di berkas; dihitung pada bulan yang dipilih saat mengunggah."
    ),
    "year-alone": _("Hanya tahunnya yang tertulis; dihitung pada bulan Januari."),
    "no-regulation": _("Hasilnya regulasi, tetapi bentuknya tidak disebut."),
    "no-funds": _("Hasilnya dana, tetapi nominalnya 0."),
    "rounded": _("Bandwidth dibulatkan ke Mbps penuh."),
    "there": _("Laporan yang mirip untuk tanggal yang sama sudah ada."),
    "verified-now": _("Sudah ada; dengan berkas ini menjadi terverifikasi."),
}

KINDS: dict[str, str] = {
    "good": _("Semua yang benar"),
    "noted": _("Yang perlu dilihat"),
    "known": _("Yang sudah ada"),
}

# Outcome of a row -> the class of its tag, and its word; empty: not yet.
OUTCOMES: dict[str, tuple[str, str]] = {
    "": ("open", _("Belum dimasukkan")),
    "taken": ("done", _("Dimasukkan")),
    "already": ("cancelled", _("Sudah ada")),
    "not_ours": ("cancelled", _("Bukan milik kita")),
}

# Why an undo leaves reports, and how many.
KEPT: dict[str, str] = {
    "verified-above": _("%(n)s laporan sudah diverifikasi tingkat yang lebih tinggi."),
    "elsewhere": _("%(n)s laporan sekarang berada di wilayah lain."),
    "corrected": _("%(n)s laporan sudah diubah orang."),
}

# Status of a library as the file names it -> the class of its tag, and its word.
PLACES: dict[str, tuple[str, str]] = {
    "open": ("waiting", _("Belum dipasangkan")),
    "sure": ("done", _("Cocok")),
    "remembered": ("done", _("Diingat dari berkas lain")),
    "confirmed": ("done", _("Dipasangkan")),
    "not_ours": ("cancelled", _("Bukan milik kita")),
}

# Why a region cannot be moved: `boundaries.BadMove`.
MOVES: dict[str, str] = {
    "unknown-region": _("Kode baru ini tidak ada di daftar wilayah."),
    "not-alike": _("Kedua kode harus berbeda dan sama tingkatnya, misalnya 21.01.06 dan 21.02.07."),
    "too-large": _("Hanya kecamatan atau desa/kelurahan yang dapat dipindahkan."),
    "unknown-from": _(
        "Kode lama ini tidak ada di daftar wilayah, dan tidak ada perpustakaan di dalamnya."
    ),
    "moved-already": _("Pemindahan ini sudah dipesan untuk tanggal yang sama."),
}

REFUSALS: dict[str, str] = {
    "form-expired": _("Halaman ini sudah terlalu lama terbuka. Silakan kirim sekali lagi."),
    "no-file": _("Pilih berkasnya dahulu."),
    "stream": _("Pilih salah satu dari daftar."),
    "period": _("Pilih bulan yang sudah berjalan, paling awal Januari 2018."),
    "too-many-imports": _(
        "Anda sudah punya 10 impor yang belum selesai. Selesaikan atau batalkan salah satu lebih "
        "dahulu."
    ),
    "too-often": _("Anda sudah mengunggah 60 berkas dalam sejam. Coba lagi nanti."),
    "not-ready": _("Impor ini sudah dalam keadaan lain. Muat ulang halamannya, lalu lihat lagi."),
    "nothing-to-undo": _("Tidak ada laporan dari berkas ini yang dapat Anda tarik kembali."),
    "nothing-chosen": _("Pilih perpustakaannya dahulu, sekurangnya untuk satu nama."),
    "no-such-library": _("Perpustakaan ini tidak ada di wilayah Anda. Pilih yang lain."),
    "no-date": _("Tulis tanggalnya lengkap."),
}

DECIDED = _("{n} nama dipasangkan, dan diingat untuk berkas berikutnya.")
FORGOTTEN = _("Pasangan itu dilupakan. Berkas berikutnya menanyakannya lagi.")
REASON = _("Yang perlu diperbaiki")
ROW = _("Baris")
