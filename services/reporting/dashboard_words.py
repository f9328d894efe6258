"""Texts of dashboards, targets and open data that Python decides, marked for the catalogue."""

from datetime import date

from babel import dates

from shared.web import gettext_noop as _
from shared.web.formats import Language

MEASURES: dict[str, str] = {
    "reports": _("Laporan"),
    "people": _("Keikutsertaan"),
    "male": _("Laki-laki"),
    "female": _("Perempuan"),
    "children": _("Anak-anak"),
    "teens": _("Remaja"),
    "adults": _("Dewasa"),
    "elderly": _("Lansia"),
    "disabled": _("Penyandang disabilitas"),
    "amount": _("Nilai rupiah"),
    "books": _("Buku"),
    "ebooks": _("Buku digital"),
    "computers": _("Komputer"),
    "bandwidth": _("Rata-rata bandwidth (Mbps)"),
    "villages": _("Desa"),
}
VISITS = _("Kunjungan")  # the people of the visitors' stream
COLOURS: dict[str, str] = {"green": _("hijau"), "yellow": _("kuning"), "red": _("merah")}
REFUSALS: dict[str, str] = {
    "number": _("Isi dengan bilangan bulat lebih dari nol, atau kosongkan."),
}
TOO_MANY_MONTHS = _("Paling banyak sepuluh tahun sekaligus. Pilih masa yang lebih pendek.")
PERIODS: dict[str, str] = {
    "year": _("12 bulan terakhir"),
    "quarter": _("Triwulan ini"),
    "last_quarter": _("Triwulan lalu"),
    "last_month": _("Bulan lalu"),
}
MAP = _(
    "Makin pekat dan makin banyak titik, makin besar jumlahnya. Pilih kotak untuk melihat isinya."
)
STOCKS = _(
    "Buku, komputer, dan bandwidth tidak dijumlahkan antarsemester: dari tiap perpustakaan "
    "dihitung laporannya yang terakhir dalam masa ini. Bandwidth adalah rata-rata per perpustakaan."
)
EACH_HALF_YEAR = _("Tiap titik adalah keadaan menurut laporan untuk semester itu.")
BELOW: dict[int, str] = {
    0: _("Provinsi"),
    2: _("Kabupaten/kota"),
    5: _("Kecamatan"),
    8: _("Desa/kelurahan"),
}


def measure_label(stream: str, measure: str) -> str:
    """What a measure of a stream is called, in Indonesian."""
    return VISITS if stream == "pengunjung" and measure == "people" else MEASURES[measure]


def month(value: date, language: Language = "id", *, short: bool = False) -> str:
    """November 2026, or Nov 2026."""
    return dates.format_date(value, "MMM y" if short else "MMMM y", locale=language)


def half_year(first: date, language: Language = "id") -> str:
    """Jan-Jun 2026, of its first month."""
    last = dates.format_date(first.replace(month=first.month + 5), "MMM y", locale=language)
    return f"{dates.format_date(first, 'MMM', locale=language)}–{last}"


def months(first: date, last: date, language: Language = "id") -> str:
    """Januari-November 2026, as a period."""
    if first == last:
        return month(first, language)
    if first.year == last.year:
        return f"{dates.format_date(first, 'MMMM', locale=language)}–{month(last, language)}"
    return f"{month(first, language)} – {month(last, language)}"


DATASETS: dict[str, tuple[str, str]] = {
    "totals": (
        _("Jumlah per bulan"),
        _("Laporan yang terverifikasi, per bulan, kabupaten/kota, dan jenis laporan."),
    ),
    "stories": (
        _("Cerita dampak"),
        _(
            "Cerita yang diverifikasi sampai tingkat nasional dan diizinkan terbit oleh penerima "
            "manfaatnya. Nama orang tidak ikut."
        ),
    ),
}
# Of a column of open data, what it holds.
COLUMNS: dict[str, str] = {
    "id": _("Penanda cerita, yang tidak pernah berubah"),
    "month": _("Bulan kegiatannya terjadi, seperti 2026-11"),
    "province_code": _("Kode provinsi dari Kementerian Dalam Negeri"),
    "province": _("Nama provinsi"),
    "region_code": _(
        "Kode kabupaten/kota dari Kementerian Dalam Negeri; kode provinsi bila perpustakaannya "
        "milik provinsi"
    ),
    "region": _("Nama kabupaten/kota"),
    "stream": _("Jenis laporan, dengan kata yang dipakai program"),
    "reports": _("Jumlah laporan yang terverifikasi"),
    "people": _("Keikutsertaan atau kunjungan; orang yang datang dua kali dihitung dua"),
    "male": _("Di antaranya laki-laki"),
    "female": _("Di antaranya perempuan"),
    "children": _("Di antaranya anak-anak"),
    "teens": _("Di antaranya remaja"),
    "adults": _("Di antaranya dewasa"),
    "elderly": _("Di antaranya lansia"),
    "disabled": _("Di antaranya penyandang disabilitas"),
    "amount": _("Rupiah: dana dari advokasi, dana replikasi, atau tambahan penghasilan"),
    "books": _("Buku pada semester yang dimulai bulan itu; antarsemester tidak dijumlahkan"),
    "ebooks": _("Buku digital pada semester itu; antarsemester tidak dijumlahkan"),
    "computers": _("Komputer pada semester itu; antarsemester tidak dijumlahkan"),
    "bandwidth": _("Rata-rata bandwidth per perpustakaan pada semester itu, dalam Mbps"),
    "villages": _("Desa yang melakukan replikasi mandiri"),
    "topic": _("Bidang cerita"),
    "title": _("Judul cerita"),
    "before": _("Keadaan sebelumnya, dengan kata pelapornya"),
    "after": _("Yang berubah, dengan kata pelapornya"),
    "income": _("Tambahan penghasilan per bulan dalam rupiah; kosong bila tidak disebut"),
}
