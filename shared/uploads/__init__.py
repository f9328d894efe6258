"""What people hand in as a file, judged by its content: never by its name or declared type.

A photo is decoded and written anew, so that nothing is left of where and with what it was taken,
nor of what somebody hid behind it. A PDF stays as it is, as it may be signed; one that could do
something when it is opened is refused.
"""

import re
import threading
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Literal

from PIL import Image, ImageOps

from shared.uploads.pdf import check_pdf
from shared.uploads.refused import REASONS, Refused
from shared.uploads.xlsx import check_xlsx

__all__ = ["ACCEPT", "REASONS", "SIZES", "Judged", "Kind", "Refused", "judge"]

Kind = Literal["photo", "pdf", "xlsx", "csv"]

MIB = 1024 * 1024
SIZES: dict[Kind, int] = {"photo": 8 * MIB, "pdf": 5 * MIB, "xlsx": 5 * MIB, "csv": 5 * MIB}
# For a file input's `accept`: with these types an iPhone sends JPEG instead of HEIC.
ACCEPT: dict[Kind, str] = {
    "photo": "image/jpeg,image/png,image/webp",
    "pdf": ".pdf,application/pdf",
    "xlsx": ".xlsx",
    "csv": ".csv,text/csv",
}
PIXELS = 40_000_000  # a JPEG, which can be unpacked at a fraction of its size
# PNG and WEBP are unpacked whole, and a picture of one colour is 1.5 kB whatever its size.
PIXELS_WHOLE = 16_000_000
AT_ONCE = 2  # pictures unpacked in one process, each 64 MB at most
TURN_S = 10.0  # how long to wait for one's turn
PHOTO_PX = 1600
THUMBNAIL_PX = 480
MEDIA_TYPES: dict[Kind, tuple[str, str]] = {
    "photo": ("image/jpeg", "jpg"),
    "pdf": ("application/pdf", "pdf"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "csv": ("text/csv; charset=utf-8", "csv"),
}
_turns = threading.BoundedSemaphore(AT_ONCE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# Pillow refuses twice as many when it reads the header, whoever opens a picture in this process.
Image.MAX_IMAGE_PIXELS = PIXELS


@dataclass(frozen=True)
class Judged:
    """A file that may be kept. `data` is what to keep: a photo re-encoded, a table in UTF-8.

    `width`, `height` (pixels, upright) and `thumbnail` (JPEG) are a photo's; 0 and empty else.
    """

    kind: Kind
    media_type: str
    extension: str
    data: bytes
    width: int = 0
    height: int = 0
    thumbnail: bytes = b""


def judge(file: bytes | BinaryIO, *, kinds: Collection[Kind]) -> Judged:
    """Say what the file is and what of it may be kept. Raises `Refused`."""
    most = max(SIZES[kind] for kind in kinds)
    data = file if isinstance(file, bytes) else file.read(most + 1)
    if not data:
        raise Refused("empty")
    kind = _kind(data)
    if kind is None or kind not in kinds:
        raise Refused("too-large" if len(data) > most else "wrong-kind")
    if len(data) > SIZES[kind]:
        raise Refused("too-large")
    if kind == "photo":
        return _photo(data)
    if kind == "pdf":
        check_pdf(data)
    elif kind == "xlsx":
        check_xlsx(data)
    else:
        data = _text(data).encode()
    return Judged(kind, *MEDIA_TYPES[kind], data)


def _kind(data: bytes) -> Kind | None:
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return "photo"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "photo"
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return "xlsx"
    try:
        _text(data)
    except Refused:
        return None
    return "csv"


def _text(data: bytes) -> str:
    """UTF-8, else Windows-1252, in which Excel saves CSV; raises `Refused` for what is no text."""
    try:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise Refused("wrong-kind") from None
    if _CONTROLS.search(text):
        raise Refused("wrong-kind")
    return text


def _photo(data: bytes) -> Judged:
    if not _turns.acquire(timeout=TURN_S):
        raise Refused("busy")
    try:
        canvas = _decoded(data)
        width, height = canvas.size
        photo = _jpeg(canvas)
        canvas.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
        return Judged("photo", *MEDIA_TYPES["photo"], photo, width, height, _jpeg(canvas))
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("too-many-pixels") from None
    except Exception as error:  # Pillow's decoders raise whatever they stumble over
        raise Refused("damaged") from error
    finally:
        _turns.release()


def _decoded(data: bytes) -> Image.Image:
    """The picture upright on white, at most `PHOTO_PX` wide and high, with nothing else of it."""
    with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
        most = PIXELS if image.format in {"JPEG", "MPO"} else PIXELS_WHOLE
        if image.width * image.height > most:
            raise Refused("too-many-pixels")
        # MPO is a phone's JPEG with a depth map or the like behind it; its first picture is meant.
        if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
            raise Refused("wrong-kind")
        image.draft("RGB", (PHOTO_PX, PHOTO_PX))  # a large JPEG is unpacked at half its size
        # A palette has no colours in between; all others are made small before anything else.
        small = image if image.mode in {"L", "RGB", "RGBA", "CMYK"} else image.convert("RGBA")
        exif = image.getexif()
        small.thumbnail((PHOTO_PX, PHOTO_PX))
        small.getexif().update(exif)
        upright = ImageOps.exif_transpose(small).convert("RGBA")
    canvas = Image.new("RGB", upright.size, "white")
    canvas.paste(upright, mask=upright)
    return canvas


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()
