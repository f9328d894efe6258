"""A PDF that does nothing but show pages."""

import re
import time
from io import BytesIO
from typing import Any

from pypdf import PasswordType, PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from shared.uploads.refused import Refused

PAGES = 50
DEADLINE_S = 10.0  # for all objects of one file; a surat tugas takes some milliseconds
# Keys that bring scripts, attachments, players or forms of another program.
_KEYS = {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/RichMediaContent", "/XFA"}
# Actions that run, send, play or open something else (ISO 32000-2, table 201). Going to a page or
# an address is none of them: an /OpenAction of that kind is in every PDF of LibreOffice.
_ACTIONS = {
    *("/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR"),
    *("/Rendition", "/Sound", "/Movie", "/RichMediaExecute", "/GoTo3DView"),
}
# For what another reader would find where pypdf finds nothing; words too long to be chance.
_RAW = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia)\b")


def check_pdf(data: bytes) -> None:
    """Raise `Refused` for a PDF that is damaged, locked, too long, or could do something."""
    if _RAW.search(data):
        raise Refused("active-content")
    try:
        reader = _opened(data)
        pages = len(reader.pages)
        for found in _objects(reader):
            _check(found)
    except Refused:
        raise
    except Exception as error:  # pypdf raises whatever it stumbles over, RecursionError too
        raise Refused("damaged") from error
    if not pages:
        raise Refused("damaged")
    if pages > PAGES:
        raise Refused("too-large")


def _opened(data: bytes) -> PdfReader:
    reader = PdfReader(BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Refused("damaged")
    return reader


def _objects(reader: PdfReader) -> list[Any]:
    deadline = time.monotonic() + DEADLINE_S
    numbers = {
        (number, generation) for generation, table in reader.xref.items() for number in table
    } | {(number, 0) for number in reader.xref_objStm}
    found: list[Any] = [reader.trailer]
    for number, generation in numbers:
        if number:  # 0 is the head of the free ones
            found.append(reader.get_object(IndirectObject(number, generation, reader)))
        if time.monotonic() > deadline:
            raise Refused("damaged")
    return found


def _check(found: Any) -> None:
    """Everything in one object; what it refers to is an object of its own."""
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, ArrayObject):
            waiting += list.__iter__(value)
        elif isinstance(value, DictionaryObject):
            kind = value.get("/S")  # of an action; of other things too, and not always a name
            if _KEYS & value.keys() or (isinstance(kind, str) and kind in _ACTIONS):
                raise Refused("active-content")
            waiting += [value.raw_get(key) for key in value]
