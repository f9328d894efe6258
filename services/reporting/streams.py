"""The streams that libraries report in: what each asks for, and what of it is summed.

Codes are the programme's own words, as its older system SIM TPBIS writes them, so that what comes
from there and what is typed here is the same. Participants are counts, never names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.names import plain_name
from shared.web import gettext_noop as _

Every = Literal["day", "month", "half_year"]
Kind = Literal["choice", "choices", "text", "long", "url", "date", "number", "yes"]

MEASURES = (
    *("people", "male", "female", "children", "teens", "adults", "elderly", "disabled"),
    *("amount", "books", "ebooks", "computers", "bandwidth", "villages", "timely"),
)
# How it stands, not what was added: two reports of the same library are not twice as many books.
STOCKS = ("books", "ebooks", "computers", "bandwidth")
MEANS = ("bandwidth",)  # of stocks: nobody has the Mbit/s of several libraries together
BY_SEX = ("male", "female")
BY_AGE = ("children", "teens", "adults", "elderly")

BIDANG: dict[str, str] = {
    "Pendidikan": _("Pendidikan"),
    "Kesehatan": _("Kesehatan"),
    "Inklusi Digital": _("Inklusi digital"),
    "Seni Budaya": _("Seni budaya"),
    "Ekonomi": _("Ekonomi"),
    "Pertanian": _("Pertanian"),
    "Olahraga": _("Olahraga"),
    "Lainnya": _("Lainnya"),
}
JENIS: dict[str, str] = {"Pelatihan": _("Pelatihan"), "Promosi": _("Promosi")}
SASARAN: dict[str, str] = {
    "Umum": _("Umum"),
    "Pelajar": _("Pelajar"),
    "Anak-Anak": _("Anak-anak"),
    "Lansia": _("Lansia"),
    "Pelaku UMKM": _("Pelaku UMKM"),
    "Mahasiswa": _("Mahasiswa"),
    "Petani/Nelayan": _("Petani/nelayan"),
}
SASARAN_ADVOKASI: dict[str, str] = {
    "Kepala Desa": _("Kepala desa"),
    "Perangkat Daerah": _("Perangkat daerah"),
    "Swasta": _("Swasta"),
    "Lainnya": _("Lainnya"),
}
HASIL: dict[str, str] = {
    "NonDana": _("Bukan dana"),
    "Dana": _("Dana"),
    "Regulasi": _("Regulasi"),
}
REGULASI: dict[str, str] = {
    "Peraturan Kepala Desa/Lurah": _("Peraturan kepala desa/lurah"),
    "Lainnya": _("Lainnya"),
}
PUBLIKASI: dict[str, str] = {
    "Media Online": _("Media online"),
    "Media Elektronik": _("Media elektronik"),
    "Media Cetak": _("Media cetak"),
}
# "Instagram" came in six spellings: a list, and what is not in it under "other".
MEDIA: dict[str, str] = {
    name: name
    for name in (
        *("Facebook", "Instagram", "TikTok", "YouTube", "X (Twitter)", "WhatsApp"),
        *("Situs web desa", "Situs web perpustakaan", "Portal berita", "Surat kabar"),
        *("Majalah", "Radio", "Televisi"),
    )
} | {"Lainnya": _("Lainnya")}
_SPELLINGS = {
    **{plain_name(name): name for name in MEDIA if name != "Lainnya"},
    **dict.fromkeys(("ig", "insta", "instagramm", "intagram", "istagram"), "Instagram"),
    **dict.fromkeys(("fb", "face book", "facebok", "facebook page"), "Facebook"),
    **dict.fromkeys(("tik tok", "tiktok"), "TikTok"),
    **dict.fromkeys(("you tube", "yt", "youtobe"), "YouTube"),
    **dict.fromkeys(("x", "twitter"), "X (Twitter)"),
    **dict.fromkeys(("wa", "whatsapp", "whats app", "grup whatsapp"), "WhatsApp"),
    **dict.fromkeys(("tv", "televisi"), "Televisi"),
    **dict.fromkeys(("koran", "surat kabar"), "Surat kabar"),
    **dict.fromkeys(("website desa", "web desa"), "Situs web desa"),
}


def medium(written: str) -> str | None:
    """The name in `MEDIA` of a medium, however it is spelt; None for one that is not listed."""
    plain = plain_name(written.lstrip("@"))
    return _SPELLINGS.get(plain) or _SPELLINGS.get(plain.replace(" ", ""))


@dataclass(frozen=True, slots=True)
class Field:
    """Something a stream asks for. One that is named as in `MEASURES` is a number, and summed."""

    name: str
    kind: Kind
    label: str
    options: Mapping[str, str] | None = None
    required: bool = False
    hint: str = ""
    most: int = 200  # characters of a text


@dataclass(frozen=True, slots=True)
class Stream:
    """`category` is the field it is broken down by. `by` says who reports it."""

    name: str
    label: str
    every: Every
    fields: tuple[Field, ...]
    title: str = ""  # the label of its title; empty: it has none
    category: str = ""
    counts_people: bool = False  # with sex, age groups and disability
    by: tuple[str, ...] = ("province", "regency", "village", "tbm", "other")

    def field(self, name: str) -> Field:
        """One of its fields. Raises `KeyError`."""
        return next(field for field in self.fields if field.name == name)

    @property
    def measures(self) -> tuple[str, ...]:
        """What it adds to sums."""
        people = ("people", *BY_SEX, *BY_AGE, "disabled") if self.counts_people else ()
        return people + tuple(f.name for f in self.fields if f.name in MEASURES)

    @property
    def has_stocks(self) -> bool:
        """Whether it says how something stands, of which only the last report counts."""
        return any(name in STOCKS for name in self.measures)

    @property
    def must_count(self) -> bool:
        """Whether each of its reports counts something."""
        return self.counts_people or any(f.required and f.name in MEASURES for f in self.fields)


STREAMS: dict[str, Stream] = {
    stream.name: stream
    for stream in (
        Stream(
            "pelibatan",
            _("Pelibatan masyarakat"),
            "day",
            (
                Field("bidang", "choice", _("Bidang"), BIDANG, required=True),
                Field("jenis", "choice", _("Jenis"), JENIS, required=True),
                Field("sasaran", "choice", _("Sasaran"), SASARAN, required=True),
            ),
            title=_("Nama kegiatan"),
            category="bidang",
            counts_people=True,
        ),
        Stream(
            "advokasi",
            _("Advokasi"),
            "day",
            (
                Field("sasaran", "choices", _("Sasaran"), SASARAN_ADVOKASI, required=True),
                Field("hasil", "choice", _("Hasil"), HASIL, required=True),
                Field("amount", "number", _("Nominal (Rp)")),
                Field("jumlah_narasumber", "number", _("Jumlah narasumber")),
                Field("jumlah_barang", "number", _("Jumlah barang")),
                Field("hasil_regulasi", "choice", _("Bentuk regulasi"), REGULASI),
                Field("tanggal_terbit", "date", _("Tanggal terbit regulasi")),
            ),
            title=_("Judul"),
            category="hasil",
        ),
        Stream(
            "publikasi",
            _("Publikasi"),
            "day",
            (
                Field("jenis_publikasi", "choice", _("Jenis media"), PUBLIKASI, required=True),
                Field("media", "choice", _("Nama media"), MEDIA, required=True),
                Field("nama_media", "text", _("Nama media lainnya")),
                Field("link", "url", _("Tautan"), most=500),
            ),
            title=_("Judul"),
            category="jenis_publikasi",
        ),
        Stream(
            "pengunjung",
            _("Pengunjung"),
            "month",
            (
                Field("male", "number", _("Pengunjung laki-laki"), required=True),
                Field("female", "number", _("Pengunjung perempuan"), required=True),
            ),
        ),
        Stream(
            "peningkatan",
            _("Peningkatan layanan"),
            "half_year",
            (
                Field("books", "number", _("Jumlah buku"), required=True),
                Field("ebooks", "number", _("Jumlah buku digital"), required=True),
                Field("computers", "number", _("Jumlah komputer"), required=True),
                Field("bandwidth", "number", _("Bandwidth (Mbps)"), required=True),
            ),
        ),
        Stream(
            "replikasi",
            _("Replikasi mandiri"),
            "month",
            (
                Field("amount", "number", _("Dana (Rp)"), required=True),
                Field("sumber_dana", "text", _("Sumber dana"), required=True),
                Field("villages", "number", _("Jumlah desa"), required=True),
            ),
            by=("regency",),
        ),
        Stream(
            "cerita",
            _("Cerita dampak"),
            "day",
            (
                Field("bidang", "choice", _("Bidang"), BIDANG, required=True),
                Field("sebelum", "long", _("Keadaan sebelumnya"), required=True, most=2000),
                Field("sesudah", "long", _("Yang berubah"), required=True, most=2000),
                Field("amount", "number", _("Tambahan penghasilan per bulan (Rp)")),
                Field("izin_terbit", "yes", _("Penerima manfaat mengizinkan penerbitan")),
            ),
            title=_("Judul cerita"),
            category="bidang",
        ),
    )
}
