"""The invitation on paper: an official letter, with the agenda attached."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from registration.paper_facts import MEETING, TICKET, wib
from registration.paper_reading import boxes, codes, reader, texts
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm

from services.registration.documents.agenda import AgendaItem
from services.registration.documents.invitation_letter import InvitationFacts, write_invitation

INVITATION = InvitationFacts(
    organiser="Dinas Perpustakaan dan Kearsipan Provinsi Contoh",
    organiser_address=("Jalan Contoh Nomor 1, Tanjungpinang",),
    number="005/421/DPK/2022",
    recipient=("Kepala Dinas Perpustakaan Contoh", "Kabupaten Bintan"),
    recipient_place="Tempat",
    meeting_title=MEETING,
    starts_at=wib(9, 8),
    ends_at=wib(10, 12),
    zone="WIB",
    venue="CK Hotel Tanjungpinang",
    place="Tanjungpinang",
    issued_on=date(2022, 7, 20),
    signer_name="Dr. Pejabat Contoh, M.Si.",
    signer_title="Kepala Dinas",
    signer_nip="19700101 199503 1 001",
)


def invitation(facts: InvitationFacts) -> bytes:
    file = BytesIO()
    write_invitation(file, facts)
    return file.getvalue()


def test_the_letter_has_all_parts_of_an_official_one() -> None:
    content = invitation(replace(INVITATION, copies=("Gubernur Contoh",)))

    (text,) = texts(content)
    for words in (
        "DINAS PERPUSTAKAAN DAN KEARSIPAN PROVINSI CONTOH",
        "Tanjungpinang, 20 Juli 2022",
        "Nomor : 005/421/DPK/2022",
        "Sifat : Biasa",
        "Lampiran : -",
        "Hal : Undangan",
        "Yth. Kepala Dinas Perpustakaan Contoh Kabupaten Bintan di Tempat",
        "hari, tanggal : Selasa–Rabu, 9–10 Agustus 2022",
        "waktu : pukul 08.00 WIB s.d. 12.00 WIB",
        "tempat : CK Hotel Tanjungpinang",
        f"acara : {MEETING}",
        "Kepala Dinas, Dr. Pejabat Contoh, M.Si. NIP 19700101 199503 1 001",
        "Tembusan: 1. Gubernur Contoh",
    ):
        assert words in text
    (page,) = reader(content).pages
    assert (page.mediabox.width, page.mediabox.height) == pytest.approx(A4, abs=0.01)
    assert codes(page) == []
    assert content == invitation(replace(INVITATION, copies=("Gubernur Contoh",)))


def test_a_person_gets_their_own_letter_with_their_ticket() -> None:
    content = invitation(
        replace(
            INVITATION,
            person_name="Peserta Contoh",
            ticket_url=TICKET,
            ticket_code="K7QM-2XHD",
            language="en",
            starts_at=wib(9, 8),
            ends_at=wib(9, 16, 30),
        )
    )
    (text,) = texts(content)
    assert "Ticket of Peserta Contoh K7QM-2XHD" in text
    assert "from 08:00 WIB to 16:30 WIB" in text
    assert codes(reader(content).pages[0]) == [TICKET]


def test_the_hosts_own_words_flow_on_and_the_signature_stays_with_the_closing() -> None:
    own = "\r\n\r\n".join(f"Paragraf {n}: " + "kata contoh " * 60 for n in range(1, 9))
    content = invitation(replace(INVITATION, own_words=own))

    first, *_, last = texts(content)
    assert "Paragraf 1:" in first
    assert "Demikian undangan ini" in last
    assert "NIP 19700101 199503 1 001" in last
    assert "Halaman 2" in last
    for page in reader(content).pages:
        assert all(line.bottom > 10 * mm and line.right < A4[0] - 20 * mm for line in boxes(page))


def test_the_agenda_is_the_attachment_day_by_day_in_the_venues_time() -> None:
    sessions = (
        AgendaItem(wib(10, 8), wib(10, 10), "Rencana tindak lanjut", ("Fasilitator Contoh",)),
        *(AgendaItem(wib(9, 8, n), wib(9, 9, n), f"Berbagi praktik {n}") for n in range(40)),
    )
    content = invitation(replace(INVITATION, agenda=sessions, zone="WITA"))

    letter, *agenda = texts(content)
    assert "Lampiran : 1 (satu) berkas" in letter
    assert agenda[0].startswith("Halaman 2 Lampiran surat nomor 005/421/DPK/2022, tanggal 20 Juli")
    whole = " ".join(agenda)
    assert "Hari 1: Selasa, 9 Agustus 2022 09.00–10.00 WITA Berbagi praktik 0" in whole
    assert "Hari 2: Rabu, 10 Agustus 2022 09.00–11.00 WITA Rencana tindak lanjut Fasil" in whole
    assert whole.index("Berbagi praktik 39") < whole.index("Hari 2")
