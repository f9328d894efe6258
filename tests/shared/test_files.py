"""Files on disk under the hash of their content."""

import os
import stat
from datetime import timedelta
from pathlib import Path
from threading import Thread

import httpx
import pytest
from asking import ask
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.files import FileStore, send_file

HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(lambda: tmp_path / "files")


def all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def age(path: Path, by: timedelta) -> None:
    then = path.stat().st_mtime - by.total_seconds()
    os.utime(path, (then, then))


def test_the_same_content_is_one_file(store: FileStore, tmp_path: Path) -> None:
    name = store.put(b"foto", "jpg")
    assert store.put(b"foto", "jpg") == name
    assert name.count("/") == 2
    assert name.endswith(".jpg")
    assert store.path(name).read_bytes() == b"foto"
    assert all_files(tmp_path) == [store.path(name)]
    assert store.put(b"lain", "jpg") != name
    assert len(list(store.names())) == 2


def test_a_file_is_for_its_owner_alone(store: FileStore, tmp_path: Path) -> None:
    path = store.path(store.put(b"rahasia", "pdf"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (tmp_path / "files", path.parent.parent, path.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name",
    ["", "..", "/etc/passwd", "ab/cd/../../x", "ab/cd/" + "e" * 64, "ab/cd/" + "e" * 64 + ".jpg"],
)
def test_no_name_leads_anywhere_else(store: FileStore, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a stored file"):
        store.path(name)
    with pytest.raises(ValueError, match="no name of a stored file"):
        store.delete(name)


@pytest.mark.parametrize("extension", ["", "../x", "JPG", "a/b", "tar.gz", "x\n"])
def test_no_extension_leads_anywhere_else(store: FileStore, extension: str) -> None:
    with pytest.raises(ValueError, match="no extension of ours"):
        store.put(b"x", extension)
    assert list(store.names()) == []


def test_a_name_with_a_line_break_is_none_of_ours(store: FileStore) -> None:
    with pytest.raises(ValueError, match="no name of a stored file"):
        store.path(store.put(b"x", "jpg") + "\n")


def test_what_is_deleted_is_gone_and_may_come_again(store: FileStore) -> None:
    name = store.put(b"foto", "jpg")
    assert store.delete(name)
    assert not store.delete(name)
    assert list(store.names()) == []
    assert store.put(b"foto", "jpg") == name
    assert store.path(name).exists()


def test_a_sweep_sees_only_what_is_old_and_putting_makes_young(store: FileStore) -> None:
    old, young, again = (store.put(text, "jpg") for text in (b"lama", b"baru", b"lagi"))
    age(store.path(old), 2 * HOUR)
    age(store.path(again), 2 * HOUR)
    found = set(store.names(older_than=HOUR))
    assert found == {old, again}
    assert store.put(b"lagi", "jpg") == again  # between the look and the deletion
    assert [name for name in sorted(found) if store.delete(name, older_than=HOUR)] == [old]
    assert set(store.names()) == {young, again}


def test_what_a_crash_left_half_written_goes_with_the_sweep(
    store: FileStore, tmp_path: Path
) -> None:
    folder = store.path(store.put(b"foto", "jpg")).parent
    half = folder / "half-abc"
    half.write_bytes(b"fo")
    assert len(list(store.names())) == 1
    assert half.exists(), "somebody may still be writing it"
    age(half, 25 * HOUR)
    assert len(list(store.names())) == 1
    assert all_files(tmp_path) != []
    assert not half.exists()


def test_a_disk_that_is_full_leaves_nothing_half(store: FileStore, tmp_path: Path) -> None:
    path = store.path(store.put(b"foto", "jpg"))
    path.unlink()
    path.mkdir()  # so that the rename fails
    with pytest.raises(OSError, match="directory"):
        store.put(b"foto", "jpg")
    assert all_files(tmp_path) == []


def test_many_at_once_put_one_file(store: FileStore) -> None:
    names: list[str] = []
    racers = [Thread(target=lambda: names.append(store.put(b"x" * 9999, "jpg"))) for _ in range(16)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(names) == 16
    assert list(store.names()) == [names[0]]
    assert set(names) == {names[0]}


def sent(path: Path, media_type: str, name: str, *, public: bool = False) -> httpx.Response:
    def endpoint(_request: Request) -> Response:
        return send_file(path, media_type, name, public=public)

    return ask(Starlette(routes=[Route("/", endpoint)]), "GET", "/")


def test_a_file_is_sent_so_that_it_can_do_nothing(store: FileStore) -> None:
    path = store.path(store.put(b"%PDF-", "pdf"))
    answer = sent(path, "application/pdf", 'surat "tugas" é.pdf')
    assert answer.content == b"%PDF-"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=utf-8''surat%20%22tugas%22%20%C3%A9.pdf"
    )


def test_a_public_picture_is_shown_and_may_be_kept(store: FileStore) -> None:
    path = store.path(store.put(b"foto", "jpg"))
    answer = sent(path, "image/jpeg", "lapak.jpg", public=True)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-disposition"] == 'inline; filename="lapak.jpg"'


def test_a_file_that_is_gone_is_not_found(store: FileStore) -> None:
    path = store.path(store.put(b"foto", "jpg"))
    path.unlink()
    with pytest.raises(HTTPException) as no:
        send_file(path, "image/jpeg", "x.jpg")
    assert no.value.status_code == 404
