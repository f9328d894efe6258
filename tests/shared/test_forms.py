"""Forms with files, as a browser sends them and as nobody should."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from asking import ask
from fastapi import Depends, FastAPI, Request
from starlette.datastructures import FormData
from starlette.types import ASGIApp

from shared.http import BODY_LIMIT, DRAINED, Requests
from shared.problems import add_problem_details
from shared.web import Pages, read_form, read_upload_form, uploaded
from shared.web.forms import UPLOAD_LIMIT
from shared.web.pages import TEMPLATES

BOUNDARY = "batas"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


class Uncounted:
    """Metrics of an application without a bus."""

    def observe(self, *_: object) -> None:
        """Nothing is asked of it here."""


async def typed(request: Request) -> FormData:
    return await read_upload_form(request, files=2, fields=3, field_bytes=1000)


async def plain(request: Request) -> FormData:
    return await read_form(request)


@pytest.fixture(scope="module")
def app() -> ASGIApp:
    app = FastAPI()

    @app.post("/api/upload")
    def upload(form: Annotated[FormData, Depends(typed)]) -> dict[str, Any]:
        return {
            "texts": [item for item in form.multi_items() if isinstance(item[1], str)],
            "files": [(file.filename, len(file.file.read())) for file in uploaded(form, "berkas")],
        }

    @app.post("/page")
    def page(form: Annotated[FormData, Depends(typed)]) -> int:
        return len(form)

    @app.post("/api/plain")
    def text_only(form: Annotated[FormData, Depends(plain)]) -> list[str]:
        return list(form)

    add_problem_details(app, Pages(TEMPLATES), {})
    app.add_middleware(Requests, metrics=Uncounted())  # type: ignore[arg-type]
    return app


def part(name: bytes, content: bytes, more: bytes = b"") -> bytes:
    return b'--batas\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        name,
        more,
        content,
    )


def send(app: ASGIApp, *parts: bytes, kind: str = MULTIPART) -> httpx.Response:
    body = b"".join(parts) + b"--batas--\r\n"
    return ask(app, "POST", "/api/upload", content=body, headers={"content-type": kind})


def test_texts_and_files_come_together(app: ASGIApp) -> None:
    answer = ask(
        app,
        "POST",
        "/api/upload",
        data={"nama": "Peserta Contoh — é"},
        files=[("berkas", ("a.jpg", b"x" * 10)), ("berkas", ("b.jpg", b"x" * 3_000_000))],
    )
    assert answer.json() == {
        "texts": [["nama", "Peserta Contoh — é"]],
        "files": [["a.jpg", 10], ["b.jpg", 3_000_000]],
    }


def test_the_same_route_takes_a_form_without_files(app: ASGIApp) -> None:
    answer = ask(app, "POST", "/api/upload", data={"nama": "Peserta Contoh"})
    assert answer.json() == {"texts": [["nama", "Peserta Contoh"]], "files": []}


def test_a_file_input_left_empty_is_no_file(app: ASGIApp) -> None:
    empty = part(b"berkas", b"", b'; filename=""\r\nContent-Type: application/octet-stream')
    answer = send(app, part(b"nama", b"x"), empty)
    assert answer.json() == {"texts": [["nama", "x"]], "files": []}


def test_an_empty_file_with_a_name_is_a_file_to_be_judged(app: ASGIApp) -> None:
    answer = send(app, part(b"berkas", b"", b'; filename="a.jpg"'))
    assert answer.json()["files"] == [["a.jpg", 0]]


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "punycode", "idna", "utf-8", "nonsense"])
def test_nobody_chooses_the_decoder(app: ASGIApp, charset: str) -> None:
    answer = send(app, part(b"nama", b"x"), kind=f"{MULTIPART}; charset={charset}")
    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported-media-type"
    shouted = f"{MULTIPART}; CHARSET={charset}"
    assert send(app, part(b"nama", b"x"), kind=shouted).status_code == 415


def test_a_part_that_names_a_charset_is_still_utf_8(app: ASGIApp) -> None:
    named = part(b"nama", "é+AGE-".encode(), b"\r\nContent-Type: text/plain; charset=utf-7")
    assert send(app, named).json()["texts"] == [["nama", "é+AGE-"]]


@pytest.mark.parametrize(
    "parts",
    [
        [part(b"nama", b"\xe9")],
        [part(b"nam\xe9", b"x")],
        [part(b"berkas", b"x", b'; filename="\xe9.jpg"')],
        [part(b"nama", b"x" * 1001)],
        [part(b"a%d" % number, b"") for number in range(4)],
        [part(b"berkas", b"x", b'; filename="a"') for _ in range(3)],
        [b"--batas\r\nContent-Disposition: form-data\r\n\r\nx\r\n"],
        [b"\x00\x01"],
    ],
    ids=["text", "name", "filename", "long", "many", "files", "nameless", "broken"],
)
def test_a_form_with_too_much_or_nonsense_in_it_is_refused(
    app: ASGIApp, parts: list[bytes]
) -> None:
    answer = send(app, *parts)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-request"


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain", "multipart/mixed"])
def test_any_other_kind_of_body_is_refused(app: ASGIApp, kind: str) -> None:
    assert send(app, part(b"nama", b"x"), kind=kind).status_code == 415


def test_a_body_without_a_boundary_is_refused(app: ASGIApp) -> None:
    assert send(app, kind="multipart/form-data").status_code == 400


def test_a_plain_form_stays_small_and_takes_no_files(app: ASGIApp) -> None:
    large = {"nama": "x" * (BODY_LIMIT + 1)}
    assert ask(app, "POST", "/api/plain", data=large).status_code == 413
    assert ask(app, "POST", "/api/upload", data=large).status_code == 413
    assert ask(app, "POST", "/api/plain", files={"berkas": b"x"}).status_code == 415


def test_a_form_with_files_has_its_own_limit(app: ASGIApp) -> None:
    fits = ask(app, "POST", "/api/upload", files={"berkas": b"x" * UPLOAD_LIMIT})
    assert fits.json()["files"] == [["upload", UPLOAD_LIMIT]]
    too_large = part(b"berkas", b"x" * (UPLOAD_LIMIT + BODY_LIMIT), b'; filename="a"')
    assert send(app, too_large).status_code == 413

    async def in_pieces() -> AsyncIterator[bytes]:  # so that no header says how long it is
        for start in range(0, len(too_large), 1_000_000):
            yield too_large[start : start + 1_000_000]

    answer = ask(
        app, "POST", "/api/upload", content=in_pieces(), headers={"content-type": MULTIPART}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("language", "told"),
    [("id", ["paling besar 12 MB", "Tekan tombol kembali"]), ("en", ["at most 12 MB", "Press"])],
)
def test_a_person_reads_on_a_page_what_was_too_much(
    app: ASGIApp, language: str, told: list[str]
) -> None:
    files = {"berkas": b"x" * (UPLOAD_LIMIT + BODY_LIMIT)}
    answer = ask(app, "POST", "/page", files=files, headers={"accept-language": language})
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html")
    assert [words for words in told if words not in answer.text] == []


@pytest.mark.parametrize("announced", [True, False])
def test_whoever_sends_too_much_is_heard_out_before_the_answer(
    app: ASGIApp, announced: bool
) -> None:
    heard: list[int] = []

    async def body(pieces: int) -> AsyncIterator[bytes]:
        for piece in range(pieces):
            heard.append(piece)
            yield b"x" * 100_000

    for pieces, all_of_it in ((5, True), (100, False)):
        heard.clear()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        headers |= {"content-length": str(pieces * 100_000)} if announced else {}
        answer = ask(app, "POST", "/api/plain", content=body(pieces), headers=headers)
        assert answer.status_code == 413
        assert (len(heard) == pieces) is all_of_it
        assert len(heard) * 100_000 < (DRAINED + 1) * BODY_LIMIT
