"""Open data at addresses that stay: for every program, from every site, in caches."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from services.reporting import open_data
from services.reporting.open_data import DATASETS
from services.reporting.resources import Transaction
from shared.security import Anyone

router = APIRouter(prefix="/open/v1", tags=["open data"])
Extension = Literal["csv", "json"]

_IN_MEMORY = 1024 * 1024  # bytes; what is longer waits on the disk
_PIECE = 64 * 1024
_MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_FOR_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "Cache-Control": "public, max-age=300",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/totals.{extension}")
def totals(
    extension: Extension,
    _caller: Anyone,
    session: Transaction,
    if_none_match: Annotated[str, Header(max_length=1000)] = "",
) -> Response:
    """Verified sums by month, kab/kota and stream."""
    return _answer(session, "totals", extension, if_none_match)


@router.get("/stories.{extension}")
def stories(
    extension: Extension,
    _caller: Anyone,
    session: Transaction,
    if_none_match: Annotated[str, Header(max_length=1000)] = "",
) -> Response:
    """Impact stories, verified nationally, that their people allow us to publish."""
    return _answer(session, "stories", extension, if_none_match)


def _answer(session: Session, dataset: str, extension: Extension, known: str) -> Response:
    tag = open_data.etag(session, dataset, extension)
    headers = _FOR_ALL | {"ETag": tag}
    if tag in {one.strip() for one in known.split(",")} or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="sejawat-{dataset}.{extension}"'
    body = _spooled(_pieces(session, dataset, extension))
    return StreamingResponse(body, headers=headers, media_type=_MEDIA_TYPES[extension])


def _pieces(session: Session, dataset: str, extension: Extension) -> Iterator[str]:
    columns, now = DATASETS[dataset], datetime.now(UTC)
    rows = open_data.rows(session, dataset)
    if extension == "csv":
        about = [f"{open_data.SOURCE}, {open_data.LICENCE}", open_data.LICENCE_URL]
        return open_data.csv_file(columns.values(), rows, about, now)
    head = {
        "source": open_data.SOURCE,
        "licence": open_data.LICENCE,
        "licence_url": open_data.LICENCE_URL,
        "as_of": now.isoformat(timespec="seconds"),
    }
    return open_data.json_file(list(columns), rows, head)


def _spooled(pieces: Iterable[str]) -> Iterator[bytes]:
    """Written down first: a slow reader must not hold a database connection."""
    file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it is read
    for piece in pieces:
        file.write(piece.encode())
    file.seek(0)
    return _read(file)


def _read(file: "SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
