"""Texts of the organiser's pages, marked for the catalogue."""

from shared.web import gettext_noop as _

STATES: dict[str, str] = {
    "draft": _("Rancangan"),
    "published": _("Pendaftaran dibuka"),
    "closed": _("Pendaftaran ditutup"),
    "running": _("Sedang berlangsung"),
    "done": _("Selesai"),
    "cancelled": _("Dibatalkan"),
}

ZONES: dict[str, str] = {
    "Asia/Jakarta": _("WIB (Waktu Indonesia Barat)"),
    "Asia/Makassar": _("WITA (Waktu Indonesia Tengah)"),
    "Asia/Jayapura": _("WIT (Waktu Indonesia Timur)"),
}

PREFIXES: dict[str, str] = {
    "": _("Menandatangani atas nama sendiri"),
    "a.n.": _("a.n. (atas nama pejabat lain)"),
    "u.b.": _("u.b. (untuk beliau)"),
}

QUESTION_TYPES: dict[str, tuple[str, str]] = {
    "text": (_("Tulisan pendek"), _("Satu baris, misalnya nomor kendaraan")),
    "long_text": (_("Tulisan panjang"), _("Beberapa kalimat")),
    "number": (_("Angka"), _("Misalnya jumlah koleksi buku")),
    "date": (_("Tanggal"), _("Misalnya hari kedatangan")),
    "choice": (_("Satu pilihan"), _("Peserta memilih satu jawaban dari daftar")),
    "several": (_("Beberapa pilihan"), _("Peserta boleh memilih lebih dari satu")),
    "file": (_("Berkas"), _("PDF atau foto")),
}

# What is wrong with a field, by the kind that pydantic tells, or by field and kind.
WRONG: dict[str, str] = {
    "day": _("Isi tanggal yang lengkap. Contoh: 17/08/2027"),
    "clock": _("Isi jam dan menit. Contoh: 08.00"),
    "ends_early": _("Waktu selesai harus sesudah waktu mulai."),
    "lasts_long": _("Satu pertemuan paling lama 31 hari."),
    "closes_late": _("Pendaftaran harus ditutup sebelum pertemuan selesai."),
    "int_parsing": _("Isi angka bulat. Contoh: 60"),
    "int_type": _("Isi angka bulat. Contoh: 60"),
    "greater_than_equal": _("Paling sedikit {ge}."),
    "less_than_equal": _("Paling banyak {le}."),
    "too_short": _("Pilih paling sedikit satu."),
    "too_long": _("Terlalu banyak baris; paling banyak {max_length}."),
    "number_pattern": _("Pola ini belum benar. Contoh: {serial:03}/{meeting}"),
    "options": _("Tulis paling sedikit dua jawaban yang berbeda, satu jawaban satu baris."),
    "province": _("Pilih provinsi dari daftar."),
    "meeting_title": _("Judul harus memuat {province}, supaya tiap pertemuan punya nama sendiri."),
    "min_days": _("Hari hadir tidak boleh lebih banyak daripada hari pertemuan."),
    "name string_pattern_mismatch": _(
        "Pakai huruf kecil, angka, dan tanda hubung. Contoh: plm-2027"
    ),
    "not_sure": _("Beri tanda bahwa Anda yakin."),
    "keep_days greater_than_equal": _("Isi 1 sampai 1826 hari."),
    "keep_days less_than_equal": _(
        "Isi 1 sampai 1826 hari: peserta dijanjikan bahwa datanya disimpan paling lama lima tahun."
    ),
    "signer_nip string_pattern_mismatch": _("NIP terdiri atas 18 angka."),
}

REFUSED: dict[str, str] = {
    "outdated": _(
        "Sementara Anda mengisi halaman ini, orang lain mengubahnya. Periksa perubahannya di "
        "bawah; isian Anda tetap ada, dan menggantikannya bila Anda simpan lagi."
    ),
    "over": _("Pertemuan ini sudah selesai atau dibatalkan, jadi tidak dapat diubah lagi."),
    "below_taken": _(
        "Sudah terisi {taken} kursi. Isi {taken} atau lebih, atau cabut dulu sebagian pendaftaran."
    ),
    "outside": _("Sesi ini di luar waktu pertemuan ({starts} sampai {ends})."),
    "session_in_use": _(
        "Sudah ada peserta yang dicatat hadir di sesi ini, jadi sesi ini tidak dapat dihapus."
    ),
    "pattern_taken": _(
        "Pola ini sudah dipakai pertemuan {slug}, jadi nomornya akan kembar. Tambahkan {meeting}."
    ),
    "name_taken": _("Alamat ini sudah dipakai putaran lain. Pilih yang lain."),
    "source": _("Pertemuan ini tidak ada. Pilih dari daftar."),
    "too_many": _("Pertanyaannya sudah terlalu banyak; paling banyak 40."),
    "type_locked": _(
        "Sudah ada yang menjawab pertanyaan ini, jadi jenis jawabannya tidak dapat diubah."
    ),
    "options_locked": _(
        "Jawaban yang sudah dipilih peserta tidak dapat dihapus dari daftar. Kembalikan barisnya."
    ),
    "options_needed": _("Pertanyaan lain bergantung pada jawaban yang hilang dari daftar ini."),
    "answered": _("Sudah ada yang menjawab pertanyaan ini, jadi tidak dapat dihapus."),
    "needed": _("Pertanyaan lain bergantung pada pertanyaan ini. Ubah dulu pertanyaan itu."),
    "order": _("Pertanyaan yang bergantung pada jawaban lain harus tetap di bawahnya."),
    "limit": _("Batas ini belum benar. Isi angka, atau tanggal untuk pertanyaan tanggal."),
    "limits_crossed": _("Batas atas harus lebih besar daripada batas bawah."),
    "limit_too_large": _("Batas ini terlalu besar."),
    "show_if_one": _("Pilih jawaban dari satu pertanyaan saja."),
    "show_if_earlier": _("Pilih jawaban dari pertanyaan yang ada di atas pertanyaan ini."),
}

# After something was done: heading and what happens next.
DONE: dict[str, tuple[str, str]] = {
    "saved": (_("Perubahan sudah disimpan"), _("Yang dilihat peserta sudah ikut berubah.")),
    "kept": (_("Perubahan sudah disimpan"), _("Perubahan ini tercatat.")),  # not yet to be seen
    "draft": (
        _("Rancangan sudah disimpan"),
        _("Hanya tuan rumah yang melihatnya sampai Anda menerbitkannya."),
    ),
    "told": (
        _("Perubahan sudah disimpan"),
        _("Semua yang terdaftar dikabari tentang waktu dan tempat yang baru."),
    ),
    "published": (
        _("Pertemuan sudah terbit"),
        _("Halamannya terbuka untuk umum dan orang dapat mendaftar."),
    ),
    "closed": (_("Pendaftaran ditutup"), _("Tidak ada yang dapat mendaftar lagi.")),
    "reopened": (_("Pendaftaran dibuka lagi"), _("Orang dapat mendaftar lagi.")),
    "cancelled": (
        _("Pertemuan dibatalkan"),
        _("Semua yang terdaftar dikabari beserta alasannya."),
    ),
    "cloned": (
        _("Salinan sudah dibuat sebagai rancangan"),
        _("Periksa tanggal, tempat, dan susunan acaranya, lalu terbitkan."),
    ),
    "fewer": (
        _("Salinan sudah dibuat, tetapi sebagian sesi tidak ikut"),
        _("Sesi yang jatuh di luar waktu pertemuan tidak disalin. Periksa susunan acaranya."),
    ),
    "deleted": (_("Sudah dihapus"), _("Perubahan ini tercatat.")),
    "opened": (_("Putaran sudah dibuka"), _("Tiap provinsi sekarang punya pertemuannya.")),
    "added": (_("Provinsi sudah ditambahkan"), _("Pertemuannya ada di daftar di bawah.")),
}

# What a meeting still lacks, by the page that fills it.
MISSING: dict[str, str] = {
    "agenda": _("Susunan acara belum diisi."),
    "letter": _("Surat undangan belum bernomor, jadi belum dapat dibaca peserta."),
    "quotas": _("Kuota belum diatur; masih satu kuota bawaan untuk semua peserta."),
}

# What stands in the audit log, in words for a second editor.
LABELS: dict[str, str] = {
    "title": _("Judul"),
    "description": _("Keterangan"),
    "organiser": _("Penyelenggara"),
    "venue": _("Tempat"),
    "address": _("Alamat"),
    "zone": _("Zona waktu"),
    "starts_at": _("Mulai"),
    "ends_at": _("Selesai"),
    "closes_at": _("Pendaftaran sampai"),
    "agenda_moved": _("Sesi acara yang ikut digeser"),
    "waiting_list": _("Daftar tunggu"),
    "offer_hours": _("Jam untuk menjawab tawaran"),
    "keep_days": _("Data peserta disimpan (hari)"),
    "signer_prefix": _("Atas nama"),
    "signer_office": _("Jabatan yang diwakili"),
    "signer_name": _("Nama penanda tangan"),
    "signer_title": _("Jabatan penanda tangan"),
    "signer_nip": _("NIP"),
    "city": _("Kota"),
    "jp": _("Jam pelajaran (JP)"),
    "min_days": _("Paling sedikit hadir (hari)"),
    "role_texts": _("Sebutan peserta"),
    "number_pattern": _("Pola nomor"),
    "number": _("Nomor surat"),
    "nature": _("Sifat"),
    "subject": _("Hal"),
    "place": _("Kota surat"),
    "issued_on": _("Tanggal surat"),
    "recipient": _("Penerima"),
    "recipient_place": _("Di (tempat penerima)"),
    "body": _("Isi surat"),
    "organiser_address": _("Alamat di kepala surat"),
    "copies": _("Tembusan"),
}
