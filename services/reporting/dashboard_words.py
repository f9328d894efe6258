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
    "bandwidth": _("Bandwidth (Mbps)"),
    "villages": _("Desa"),
}
VISITS = _("Kunjungan")  # the people of the visitors' stream
COLOURS: dict[str, str] = {"green": _("hijau"), "yellow": _("kuning"), "red": _("merah")}
REFUSALS: dict[str, str] = {
    "number": _("Isi dengan bilangan bulat lebih dari nol, atau kosongkan."),
}
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


def months(first: date, last: date, language: Language = "id") -> str:
    """Januari-November 2026, as a period."""
    if first == last:
        return month(first, language)
    if first.year == last.year:
        return f"{dates.format_date(first, 'MMMM', locale=language)}–{month(last, language)}"
    return f"{month(first, language)} – {month(last, language)}"
