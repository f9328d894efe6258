"""What the demo's reports say; plainly made up. No village did any of it."""

from typing import Any

CLASSES = (  # title, bidang, jenis, sasaran
    ("Kelas membatik warga", "Ekonomi", "Pelatihan", "Pelaku UMKM"),
    ("Pelatihan keripik singkong", "Ekonomi", "Pelatihan", "Pelaku UMKM"),
    ("Membaca nyaring untuk balita", "Pendidikan", "Promosi", "Anak-Anak"),
    ("Kelas komputer dasar", "Inklusi Digital", "Pelatihan", "Pelajar"),
    ("Bincang gizi dan posyandu", "Kesehatan", "Promosi", "Umum"),
    ("Belajar pupuk kompos", "Pertanian", "Pelatihan", "Petani/Nelayan"),
    ("Latihan tari dan gurindam", "Seni Budaya", "Pelatihan", "Pelajar"),
    ("Berjualan lewat ponsel", "Inklusi Digital", "Pelatihan", "Pelaku UMKM"),
    ("Senam lansia dan pojok baca", "Olahraga", "Promosi", "Lansia"),
    ("Bimbingan menulis surat lamaran", "Pendidikan", "Pelatihan", "Umum"),
    ("Kerajinan dari sampah plastik", "Ekonomi", "Pelatihan", "Umum"),
)
MEDIA = (
    ("Media Online", "Facebook"),
    ("Media Online", "Instagram"),
    ("Media Cetak", "Surat kabar"),
    ("Media Online", "Situs web desa"),
    ("Media Elektronik", "Radio"),
)
STORIES = (  # title, bidang, before, after, rupiah a month
    (
        "Dari pojok baca ke warung kue",
        "Ekonomi",
        "Seorang ibu berjualan kue di rumah dan pembelinya hanya tetangga.",
        "Setelah kelas pemasaran ia menerima pesanan dari tiga desa setiap pekan.",
        750_000,
    ),
    (
        "Kebun sayur di halaman perpustakaan",
        "Pertanian",
        "Halaman perpustakaan kosong, dan warga membeli sayur dari kota.",
        "Dua belas keluarga kini memanen sayur dan menjual kelebihannya.",
        400_000,
    ),
    (
        "Anak-anak yang menulis surat untuk desa",
        "Pendidikan",
        "Anak-anak datang hanya untuk bermain ponsel.",
        "Mereka menulis, membaca nyaring, dan menerbitkan buletin desa.",
        0,
    ),
)


def of(stream: str, number: int) -> dict[str, Any]:
    """What a report of a stream says, but for its day; the same for the same number."""
    return _CONTENTS[stream](number)


def _class(number: int) -> dict[str, Any]:
    title, bidang, jenis, sasaran = CLASSES[number % len(CLASSES)]
    people = 12 + number * 5 % 29
    male = people * (3 + number % 3) // 10
    young = people // 2 if sasaran in {"Pelajar", "Anak-Anak"} else people // 6
    return {
        "title": f"{title} (contoh)",
        "bidang": bidang,
        "jenis": jenis,
        "sasaran": sasaran,
        "people": people,
        "male": male,
        "female": people - male,
        "teens": young,
        "adults": people - young,
        "disabled": number % 3,
    }


def _advocacy(number: int) -> dict[str, Any]:
    result = ("Dana", "NonDana", "Regulasi")[number % 3]
    told: dict[str, Any] = {
        "title": "Audiensi dengan kepala desa (contoh)",
        "sasaran": ["Kepala Desa"] if number % 2 else ["Perangkat Daerah", "Swasta"],
        "hasil": result,
    }
    if result == "Dana":
        told["amount"] = 5_000_000 + number % 9 * 2_500_000
    if result == "Regulasi":
        told["hasil_regulasi"] = "Peraturan Kepala Desa/Lurah"
    return told


def _publication(number: int) -> dict[str, Any]:
    kind, name = MEDIA[number % len(MEDIA)]
    return {
        "title": "Perpustakaan desa ramai dikunjungi (contoh)",
        "jenis_publikasi": kind,
        "media": name,
    }


def _visits(number: int) -> dict[str, Any]:
    return {"male": 60 + number * 7 % 90, "female": 75 + number * 11 % 120}


def _services(number: int) -> dict[str, Any]:
    return {
        "books": 800 + number % 10 * 65,
        "ebooks": number % 4 * 50,
        "computers": 1 + number % 4,
        "bandwidth": 10 + number % 3 * 10,
    }


def _replication(number: int) -> dict[str, Any]:
    amount = 100_000_000 + number % 5 * 30_000_000
    return {"amount": amount, "sumber_dana": "APBD (contoh)", "villages": 3 + number % 6}


def _story(number: int) -> dict[str, Any]:
    title, bidang, before, after, amount = STORIES[number % len(STORIES)]
    return {
        "title": f"{title} (contoh)",
        "bidang": bidang,
        "sebelum": f"{before} (Cerita contoh, bukan kejadian nyata.)",
        "sesudah": after,
        "amount": amount,
        "izin_terbit": "yes" if number % 4 else "",
    }


_CONTENTS = {
    "pelibatan": _class,
    "advokasi": _advocacy,
    "publikasi": _publication,
    "pengunjung": _visits,
    "peningkatan": _services,
    "replikasi": _replication,
    "cerita": _story,
}
