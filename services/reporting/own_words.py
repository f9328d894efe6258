"""Texts of a library's own page and its forms, marked for the catalogue."""

from services.reporting.guards import Question
from shared.web import gettext_noop as _

# What is wrong with a field: the keys of `drafts.Invalid`.
MISTAKES: dict[str, str] = {
    "missing": _("Isian ini wajib diisi."),
    "too-long": _("Isian ini terlalu panjang."),
    "no-date": _("Tanggal ini tidak dapat dibaca. Pilih tanggal, bulan, dan tahunnya."),
    "future": _("Tanggal ini belum tiba. Laporkan yang sudah berlangsung."),
    "too-early": _("Tanggal ini sebelum program dimulai pada tahun 2018."),
    "no-number": _("Isi dengan angka bulat saja, misalnya 25."),
    "too-much": _("Angka ini terlalu besar. Periksa lagi jumlah nolnya."),
    "not-in-list": _("Pilih salah satu dari daftar."),
    "wrong-kind": _("Isian ini bukan jenis yang diminta."),
    "no-link": _("Tautan diawali dengan https://"),
    "only-funds": _("Ini hanya untuk hasil berupa dana. Kosongkan, atau ganti hasilnya."),
    "only-regulation": _("Ini hanya untuk hasil berupa regulasi. Kosongkan, atau ganti hasilnya."),
    "listed": _("Media ini ada di daftar. Pilih namanya di sana."),
    "sex-sum": _("Laki-laki dan perempuan harus sama jumlahnya dengan semua peserta."),
    "age-sum": _("Kelompok umur harus sama jumlahnya dengan semua peserta."),
    "more-than-all": _("Jumlah ini lebih banyak daripada semua peserta."),
}

QUESTIONS: dict[Question, str] = {
    "new-year": _("Tanggalnya 1 Januari. Apakah kegiatannya memang pada hari itu?"),
    "zero": _("Semua angkanya nol. Apakah memang begitu?"),
    "duplicate": _(
        "Laporan yang mirip untuk tanggal yang sama sudah ada. Apakah ini kegiatan lain?"
    ),
    "again": _(
        "Laporan untuk masa yang sama sudah ada. Keduanya akan dijumlahkan; hanya dari buku, "
        "komputer, dan bandwidth yang terakhir dihitung. Apakah memang begitu?"
    ),
    "long-ago": _("Tanggalnya lebih dari setengah tahun yang lalu. Apakah sudah benar?"),
    "many": _("Pesertanya lebih dari 5.000 orang. Apakah memang begitu?"),
}

# Stage -> the class of its tag, and its word.
STAGES: dict[int, tuple[str, str]] = {
    -1: ("needs_correction", _("Perlu diperbaiki")),
    0: ("submitted", _("Menunggu verifikasi")),
    1: ("verified", _("Terverifikasi kabupaten/kota")),
    2: ("verified", _("Terverifikasi provinsi")),
    3: ("verified", _("Terverifikasi nasional")),
}

ACTIONS: dict[str, str] = {
    "submitted": _("Dikirim"),
    "edited": _("Diubah"),
    "verified": _("Diverifikasi"),
    "returned": _("Dikembalikan untuk diperbaiki"),
    "deleted": _("Dihapus"),
    "restored": _("Dipulihkan"),
    "moved": _("Dipindahkan ke wilayah yang baru"),
}

ROLES: dict[str, str] = {
    "library": _("Perpustakaan"),
    "regency": _("Kabupaten/kota"),
    "province": _("Provinsi"),
    "national": _("Nasional"),
}

# What a number counts, where the stream's own fields do not say it.
EVIDENCE = _("Bukti")
PEOPLE: dict[str, str] = {
    "people": _("Jumlah peserta"),
    "male": _("Laki-laki"),
    "female": _("Perempuan"),
    "children": _("Anak (0–12 tahun)"),
    "teens": _("Remaja (13–17 tahun)"),
    "adults": _("Dewasa (18–59 tahun)"),
    "elderly": _("Lansia (60 tahun ke atas)"),
    "disabled": _("Penyandang disabilitas"),
}

DAY: dict[str, str] = {"day": _("Tanggal"), "month": _("Bulan"), "half_year": _("Semester")}
YES = _("Ya")
HALVES: dict[int, str] = {1: _("Januari–Juni %(year)s"), 7: _("Juli–Desember %(year)s")}

# Field -> the answer it is for (as show-if.js reads it), and that condition in words.
SHOWN_IF: dict[tuple[str, str], tuple[str, str]] = {
    ("advokasi", "amount"): ("hasil=Dana", _("Bila hasilnya dana.")),
    ("advokasi", "hasil_regulasi"): ("hasil=Regulasi", _("Bila hasilnya regulasi.")),
    ("advokasi", "tanggal_terbit"): ("hasil=Regulasi", _("Bila hasilnya regulasi.")),
    ("publikasi", "nama_media"): ("media=Lainnya", _("Bila nama medianya tidak ada di daftar.")),
}

# What each stream is for, in one sentence.
ABOUT: dict[str, str] = {
    "pelibatan": _("Pelatihan, promosi, dan kegiatan lain bersama warga."),
    "advokasi": _("Dukungan yang diperoleh: dana, barang, atau peraturan."),
    "publikasi": _("Berita dan unggahan tentang perpustakaan."),
    "pengunjung": _("Jumlah pengunjung selama satu bulan."),
    "peningkatan": _("Buku, komputer, dan internet; dua kali setahun."),
    "replikasi": _("Desa yang dibiayai kabupaten/kota sendiri."),
    "cerita": _("Perubahan hidup seorang penerima manfaat."),
}

COLOURS: dict[str, str] = {"green": _("Hijau"), "yellow": _("Kuning"), "red": _("Merah")}

REFUSALS: dict[str, str] = {
    "form-expired": _("Halaman ini sudah terlalu lama terbuka. Silakan kirim sekali lagi."),
    "too-much-evidence": _("Satu laporan paling banyak lima berkas. Hapus salah satu dahulu."),
    "too-many-files": _("Terlalu banyak berkas dalam satu jam. Kirim laporannya dahulu tanpa itu."),
    "too-many-reports": _(
        "Terlalu banyak laporan dalam satu jam. Isian Anda masih ada di halaman ini; kirim lagi "
        "nanti."
    ),
    "files-again": _("Berkasnya belum kami simpan. Pilih sekali lagi."),
    "verified": _(
        "Laporan ini sudah diverifikasi. Minta verifikatornya mengembalikan laporan ini bila ada "
        "yang perlu diperbaiki."
    ),
    "invalid": _("Ada isian laporan yang perlu diperbaiki."),
    "ask-back": _("Ada yang perlu dipastikan sebelum laporan ini diterima."),
    "conflict": _("Laporan ini sudah ada dengan isi lain."),
    "not-reported": _("Jenis laporan ini bukan untuk perpustakaan Anda."),
}
