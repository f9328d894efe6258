"""A camera for Chromium that looks at a ticket.

Start Chromium with `camera_flags(fake_camera(file, text))`; the page's camera then shows the QR.
"""

from io import BytesIO
from pathlib import Path

from PIL import Image

from services.registration.documents.ticket import qr_png

SIZE = (640, 480)
FRAMES = 10  # Chromium plays them again and again


def jpeg_of(text: str) -> bytes:
    """One picture of a QR, as a phone would see it on a table."""
    ticket = Image.open(BytesIO(qr_png(text))).convert("L")
    side = min(SIZE) * 3 // 4
    picture = Image.new("RGB", SIZE, "#8a7f70")
    corner = ((SIZE[0] - side) // 2, (SIZE[1] - side) // 2)
    picture.paste(ticket.resize((side, side)), corner)
    file = BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def fake_camera(file: Path, text: str) -> Path:
    """Write an MJPEG that shows a QR with `text`; `file` must end in `.mjpeg`."""
    file.write_bytes(jpeg_of(text) * FRAMES)
    return file


def camera_flags(file: Path) -> list[str]:
    """What Chromium is started with, so that it asks nobody and sees the file."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={file}",
    ]
