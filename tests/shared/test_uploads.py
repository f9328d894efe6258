"""Files of strangers: what is kept of them, and which are refused for what they hold."""

import os
import struct
import zipfile
import zlib
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NullObject, TextStringObject

from shared.uploads import SIZES, Kind, Refused, judge
from shared.uploads.pdf import PAGES
from shared.uploads.refused import REASONS, Reason
from shared.uploads.xlsx import ENTRIES

ALL: set[Kind] = {"photo", "pdf", "xlsx", "csv"}
SECRET = b"disembunyikan-di-sini"
ORIENTATION, CAMERA, GPS = 0x0112, 0x010F, 0x8825


def refused(file: bytes, *kinds: Kind) -> Reason:
    with pytest.raises(Refused) as no:
        judge(file, kinds=kinds or ALL)
    return no.value.code


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def noise(width: int, height: int) -> Image.Image:
    pixels = os.urandom(width * height * 3)
    return Image.frombytes("RGB", (width, height), pixels)


def halves(width: int, height: int) -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (0, height // 2, width, height))
    return image


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_a_photo_loses_where_and_with_what_it_was_taken() -> None:
    exif = Image.Exif()
    exif[CAMERA] = SECRET.decode()
    exif.get_ifd(GPS)[1] = "S"
    exif.get_ifd(GPS)[2] = (2.0, 30.0, 0.0)
    taken = saved(halves(800, 600), "JPEG", exif=exif, comment=SECRET, icc_profile=SECRET)
    assert opened(taken).getexif().get_ifd(GPS)
    kept = judge(taken + b"PK\x03\x04" + SECRET, kinds={"photo"})
    for data in (kept.data, kept.thumbnail):
        assert SECRET not in data
        assert not opened(data).getexif()
        assert set(opened(data).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"} | {
            *("progressive", "progression")
        }
        assert data.endswith(b"\xff\xd9")


def test_a_photo_stands_upright_and_fits_a_page() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # held upright: to be turned by a quarter
    kept = judge(BytesIO(saved(halves(4000, 3000), "JPEG", exif=exif)), kinds={"photo", "pdf"})
    assert (kept.kind, kept.media_type, kept.extension) == ("photo", "image/jpeg", "jpg")
    assert (kept.width, kept.height) == opened(kept.data).size == (1200, 1600)
    assert opened(kept.thumbnail).size == (360, 480)
    left, right = (opened(kept.data).convert("RGB").getpixel((x, 800)) for x in (100, 1100))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[2] > 200  # the lower half has come to the left
    assert right[0] > 200


@pytest.mark.parametrize(
    ("image", "form"),
    [
        (Image.new("RGBA", (40, 30), (0, 0, 0, 0)), "PNG"),
        (Image.new("P", (40, 30)), "PNG"),
        (Image.new("I;16", (40, 30)), "PNG"),
        (Image.new("1", (40, 30)), "PNG"),
        (Image.new("LA", (40, 30)), "PNG"),
        (Image.new("CMYK", (40, 30)), "JPEG"),
        (Image.new("L", (40, 30)), "JPEG"),
        (Image.new("RGBA", (40, 30)), "WEBP"),
    ],
)
def test_every_way_of_colour_becomes_a_plain_jpeg(image: Image.Image, form: str) -> None:
    kept = judge(saved(image, form), kinds={"photo"})
    assert opened(kept.data).mode == "RGB"
    assert opened(kept.data).size == (40, 30)


def test_what_is_see_through_is_white() -> None:
    kept = judge(saved(Image.new("RGBA", (40, 30), (0, 0, 0, 0)), "PNG"), kinds={"photo"})
    assert opened(kept.data).getpixel((5, 5)) == (255, 255, 255)


def test_a_phones_photo_with_a_second_picture_behind_it_is_its_first() -> None:
    two = saved(
        halves(800, 600), "MPO", save_all=True, append_images=[Image.new("RGB", (80, 60), "green")]
    )
    kept = judge(two, kinds={"photo"})
    assert (kept.width, kept.height) == (800, 600)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animation_is_no_photo(form: str) -> None:
    moving = saved(halves(40, 30), form, save_all=True, append_images=[Image.new("RGB", (40, 30))])
    assert refused(moving) == "wrong-kind"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_cut_off_on_its_way_is_damaged(form: str) -> None:
    whole = saved(noise(300, 200), form)
    assert refused(whole[: len(whole) // 2]) == "damaged"
    assert refused(whole[:20]) == "damaged"


def png(width: int, height: int) -> bytes:
    """Black, and a thousand times smaller than it claims to be."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [6400, 8000, 30_000])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    bomb = png(side, side)
    assert len(bomb) < 200_000
    assert refused(bomb) == "too-many-pixels"


def test_a_large_photo_is_a_jpeg_of_forty_megapixels_or_a_png_of_sixteen() -> None:
    jpeg = saved(Image.new("RGB", (6000, 6600), "teal"), "JPEG")
    assert judge(jpeg, kinds={"photo"}).height == 1600
    assert judge(png(4000, 4000), kinds={"photo"}).height == 1600
    assert refused(png(6000, 6600)) == "too-many-pixels"


@pytest.mark.parametrize(
    "file",
    [
        b"<html><script>alert(1)</script>\x00",
        saved(Image.new("RGB", (9, 9)), "GIF"),
        saved(Image.new("RGB", (9, 9)), "TIFF"),
        b"\x7fELF\x02\x01\x01\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),  # the old XLS
        b"\n%PDF-1.7\x00",
        "Nama,Desa\n".encode("utf-16"),
        b"\x81\x8d",
    ],
)
def test_what_is_none_of_ours_is_refused_whatever_it_is_called(file: bytes) -> None:
    assert refused(file) == "wrong-kind"


def test_only_what_is_asked_for_is_taken() -> None:
    assert refused(pdf(), "photo") == "wrong-kind"
    assert refused(saved(noise(9, 9), "PNG"), "pdf", "xlsx", "csv") == "wrong-kind"
    assert refused(b"Nama,Desa\n", "photo", "pdf") == "wrong-kind"
    assert refused(b"") == "empty"


@pytest.mark.parametrize("kind", list(SIZES))
def test_each_kind_has_its_size(kind: Kind) -> None:
    begin = {"photo": saved(noise(9, 9), "JPEG"), "pdf": pdf(), "xlsx": xlsx(), "csv": b"a"}[kind]
    large = begin + b"a" * (SIZES[kind] + 1 - len(begin))
    assert refused(large, kind) == "too-large"
    assert refused(large) == "too-large"


def pdf(pages: int = 1, password: str = "") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if password:
        writer.encrypt(password, "pemilik")
    return written(writer)


def written(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def changed(**entries: object) -> bytes:
    """A PDF with more in its catalogue."""
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    for name, value in entries.items():
        writer.root_object[NameObject(f"/{name}")] = value
    return written(writer)


def action(kind: str) -> DictionaryObject:
    return DictionaryObject(
        {NameObject("/S"): NameObject(f"/{kind}"), NameObject("/F"): TextStringObject("x")}
    )


def test_a_pdf_is_kept_byte_for_byte_as_it_may_be_signed() -> None:
    letter = pdf(2)
    kept = judge(letter, kinds={"photo", "pdf"})
    assert (kept.kind, kept.extension, kept.data) == ("pdf", "pdf", letter)
    assert len(PdfReader(BytesIO(kept.data)).pages) == 2


def test_a_pdf_has_fifty_pages_at_most() -> None:
    assert judge(pdf(PAGES), kinds={"pdf"}).kind == "pdf"
    assert refused(pdf(PAGES + 1)) == "too-large"


def test_a_pdf_with_a_password_or_half_of_one_is_damaged() -> None:
    assert refused(pdf(password="rahasia")) == "damaged"
    assert refused(b"%PDF-1.7\n") == "damaged"
    assert refused(pdf()[:200]) == "damaged"


def test_a_pdf_that_only_may_not_be_changed_is_taken() -> None:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt("", "pemilik")
    assert judge(written(writer), kinds={"pdf"}).kind == "pdf"


def test_javascript_in_a_pdf_is_refused_also_in_disguise() -> None:
    script = action("JavaScript")
    script[NameObject("/JS")] = TextStringObject("app.alert('halo')")
    names = ArrayObject([TextStringObject("halo"), script])
    tree = DictionaryObject({NameObject("/Names"): names})
    for scripted in (
        changed(OpenAction=script),
        changed(Names=DictionaryObject({NameObject("/JavaScript"): tree})),
    ):
        assert refused(scripted) == "active-content"
        escaped = scripted.replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/J#53")
        assert b"/JavaScript" not in escaped
        assert refused(escaped) == "active-content"


def test_javascript_in_a_compressed_object_is_found() -> None:
    hidden = in_object_stream(b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>")
    assert b"JavaScript" not in hidden
    assert refused(hidden) == "active-content"
    assert judge(in_object_stream(b"<< /S /GoTo /D [3 0 R /Fit] >>"), kinds={"pdf"}).kind == "pdf"


def in_object_stream(opening: bytes) -> bytes:
    """A PDF 1.5 whose /OpenAction is number 5, inside the compressed stream number 4."""
    packed = zlib.compress(b"5 0 " + opening)
    parts = [
        b"%PDF-1.5\n",
        b"1 0 obj << /Type /Catalog /Pages 2 0 R /OpenAction 5 0 R >> endobj\n",
        b"2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n",
        b"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >> endobj\n",
        b"4 0 obj << /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >> stream\n%s\n"
        b"endstream endobj\n" % (len(packed), packed),
    ]
    offsets = [sum(len(part) for part in parts[:number]) for number in range(1, 6)]
    rows = [struct.pack(">BHB", 0, 0, 255)]
    rows += [struct.pack(">BHB", 1, offset, 0) for offset in offsets[:4]]
    rows += [struct.pack(">BHB", 2, 4, 0), struct.pack(">BHB", 1, offsets[4], 0)]
    table = b"".join(rows)
    parts.append(
        b"6 0 obj << /Type /XRef /Size 7 /W [1 2 1] /Root 1 0 R /Length %d >> stream\n%s\n"
        b"endstream endobj\nstartxref\n%d\n%%%%EOF\n" % (len(table), table, offsets[4])
    )
    return b"".join(parts)


@pytest.mark.parametrize("kind", ["Launch", "SubmitForm", "ImportData", "GoToE", "Rendition"])
def test_a_pdf_that_acts_when_it_is_opened_is_refused(kind: str) -> None:
    assert refused(changed(OpenAction=action(kind))) == "active-content"
    assert refused(changed(AA=DictionaryObject({NameObject("/WC"): action(kind)}))) == (
        "active-content"
    )


def test_a_pdf_with_an_attachment_is_refused() -> None:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.add_attachment("kejutan.exe", b"MZ")
    assert refused(written(writer)) == "active-content"


def test_a_pdf_that_opens_at_its_first_page_as_libreoffice_makes_it_is_taken() -> None:
    there = ArrayObject([NullObject(), NameObject("/XYZ"), NullObject(), NullObject()])
    assert judge(changed(OpenAction=there), kinds={"pdf"}).kind == "pdf"
    assert judge(changed(OpenAction=action("GoTo")), kinds={"pdf"}).kind == "pdf"
    assert judge(changed(OpenAction=action("URI")), kinds={"pdf"}).kind == "pdf"


def xlsx(**more: bytes) -> bytes:
    """Only its frame; `more` are entries, with / written __."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            archive.writestr(name, b"<x/>")
        for name, data in more.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def test_a_spreadsheet_is_a_zip_with_a_workbook() -> None:
    sheet = b"".join(b"<row r='%d'><c><v>%d</v></c></row>" % (n, n * n) for n in range(50_000))
    table = xlsx(xl__worksheets__sheet2=sheet)
    kept = judge(table, kinds={"xlsx", "csv"})
    assert (kept.kind, kept.extension, kept.data) == ("xlsx", "xlsx", table)
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", b"<x/>")
    assert refused(out.getvalue()) == "wrong-kind"
    assert refused(table[:-60]) == "damaged"
    middle = len(table) // 2
    assert refused(table[:middle] + bytes(9) + table[middle + 9 :]) == "damaged"


@pytest.mark.parametrize("name", ["xl__vbaProject.bin", "xl__embeddings__oleObject1.bin"])
def test_a_spreadsheet_with_macros_or_objects_is_refused(name: str) -> None:
    assert refused(xlsx(**{name: b"x"})) == "active-content"


def test_a_zip_bomb_is_refused_by_what_comes_out() -> None:
    bomb = xlsx(xl__big=bytes(70 * 1024 * 1024))
    assert len(bomb) < 100_000
    assert refused(bomb) == "archive-bomb"
    many = xlsx(**{f"a{number}": b"" for number in range(ENTRIES)})
    assert refused(many) == "archive-bomb"
    pieces = xlsx(**{f"a{number}": bytes(1024 * 1024) for number in range(70)})
    assert refused(pieces) == "archive-bomb"


def test_a_zip_bomb_that_lies_about_its_size_is_refused() -> None:
    size = 70 * 1024 * 1024
    bomb = xlsx(xl__big=bytes(size))
    lie = bomb.replace(struct.pack("<I", size), struct.pack("<I", 100))
    with zipfile.ZipFile(BytesIO(lie)) as archive:
        assert archive.getinfo("xl/big").file_size == 100
    assert refused(lie) == "archive-bomb"


def test_a_table_as_text_comes_out_in_utf_8() -> None:
    text = "Nama;Desa\nÉlise – contoh;Sungai Pinang\n"
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        kept = judge(text.encode(encoding), kinds={"xlsx", "csv"})
        assert (kept.kind, kept.data.decode()) == ("csv", text)
    assert refused(b"Nama\x00Desa") == "wrong-kind"
    assert refused(b"Nama\x1b[2J") == "wrong-kind"


def test_every_reason_has_a_sentence() -> None:
    for code, sentence in REASONS.items():
        assert Refused(code).sentence == sentence
