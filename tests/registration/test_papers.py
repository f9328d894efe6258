"""A participant hangs up, shows or is sent a paper: it is whole, and its code says what it must."""

import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from registration.paper_facts import MEETING, TICKET
from registration.paper_reading import boxes, codes, reader, scanned, texts
from reportlab.lib.pagesizes import A4, A5, landscape
from reportlab.lib.units import mm

from services.registration.documents.booth_card import BoothCardFacts, Product, write_booth_card
from services.registration.documents.certificate import (
    CertificateFacts,
    write_certificate,
    write_certificates,
)
from services.registration.documents.ticket import qr_png, qr_runs, qr_svg
from shared.web.formats import Language

INSIDE = 16 * mm  # of the certificate's border

LONG_NAME = (
    "Raden Ayu Peserta Contoh binti Haji Muhammad Nama Panjang Sekali, S.Sos., M.Hum., M.A., Ph.D."
    " alias Ibu Contoh Kedua Belas"
)

CERTIFICATE = CertificateFacts(
    number="0421/PLM-21/VIII/2022",
    name="Peserta Contoh Kartika, S.Sos.",
    role_text="Peserta",
    meeting_title=MEETING,
    organiser="Dinas Perpustakaan dan Kearsipan Provinsi Contoh",
    first_day=date(2022, 8, 9),
    last_day=date(2022, 8, 10),
    venue="CK Hotel Tanjungpinang",
    place="Tanjungpinang",
    jp=16,
    signer_name="Dr. Pejabat Contoh, M.Si.",
    signer_title="Deputi Bidang Contoh",
    signer_prefix="a.n.",
    on_behalf_of="Kepala Perpustakaan Nasional RI",
    signer_nip="19700101 199503 1 001",
    issued_on=date(2022, 8, 12),
    verification_url="https://sejawat.example/sertifikat/K7QM-2XHD-9RTB",
    code="K7QM-2XHD-9RTB",
)


def certificate(facts: CertificateFacts) -> bytes:
    file = BytesIO()
    write_certificate(file, facts)
    return file.getvalue()


def booth_card(facts: BoothCardFacts) -> bytes:
    file = BytesIO()
    write_booth_card(file, facts)
    return file.getvalue()


def unheard(_done: int) -> None:
    pass


# --- certificate -------------------------------------------------------------------------


def test_the_certificate_says_who_what_when_and_how_many_hours() -> None:
    content = certificate(CERTIFICATE)

    (text,) = texts(content)
    for words in (
        "SERTIFIKAT Nomor: 0421/PLM-21/VIII/2022",
        "diberikan kepada Peserta Contoh Kartika, S.Sos. sebagai Peserta dalam kegiatan",
        MEETING,
        "yang diselenggarakan oleh Dinas Perpustakaan dan Kearsipan Provinsi Contoh",
        "pada 9–10 Agustus 2022 di CK Hotel Tanjungpinang,",
        "setara dengan 16 jam pelajaran (JP).",
        "Tanjungpinang, 12 Agustus 2022 a.n. Kepala Perpustakaan Nasional RI Deputi Bidang Contoh,",
        "Dr. Pejabat Contoh, M.Si. NIP 19700101 199503 1 001",
        "Periksa keaslian: https://sejawat.example/sertifikat/K7QM-2XHD-9RTB Kode: K7QM-2XHD-9RTB",
    ):
        assert words in text
    (page,) = reader(content).pages
    assert (page.mediabox.width, page.mediabox.height) == pytest.approx(landscape(A4), abs=0.01)
    assert codes(page) == [CERTIFICATE.verification_url]


def test_the_certificate_speaks_english_too_and_says_so_to_a_screen_reader() -> None:
    content = certificate(
        replace(CERTIFICATE, language="en", role_text="Participant", last_day=date(2022, 9, 1))
    )

    (text,) = texts(content)
    assert "CERTIFICATE Number:" in text
    assert "as Participant in" in text
    assert "on 9 August to 1 September 2022 at CK Hotel" in text
    pdf = reader(content)
    assert str(pdf.root_object["/Lang"]) == "en"
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Certificate – {CERTIFICATE.name}"
    assert pdf.metadata.author == CERTIFICATE.organiser


def test_a_meeting_without_lesson_hours_promises_none() -> None:
    (text,) = texts(certificate(replace(CERTIFICATE, jp=0, last_day=CERTIFICATE.first_day)))
    assert "JP" not in text
    assert "pada 9 Agustus 2022 di CK Hotel Tanjungpinang." in text


def test_one_who_signs_for_another_names_both_offices() -> None:
    office = "a.n. Kepala Perpustakaan Nasional RI Sekretaris Utama"
    (text,) = texts(certificate(replace(CERTIFICATE, signer_prefix="u.b.", on_behalf_of=office)))
    assert "Sekretaris Utama u.b. Deputi Bidang Contoh," in text
    (text,) = texts(certificate(replace(CERTIFICATE, signer_prefix="", on_behalf_of="")))
    assert "12 Agustus 2022 Deputi Bidang Contoh," in text


def test_the_same_facts_give_the_same_bytes() -> None:
    assert certificate(CERTIFICATE) == certificate(CERTIFICATE)
    assert certificate(CERTIFICATE) != certificate(replace(CERTIFICATE, number="0422"))


def test_a_name_stands_in_serif_unless_its_letters_do_not_exist_there() -> None:
    in_times = certificate(replace(CERTIFICATE, name="Peserta Contoh Šimon Raḥmān"))
    assert "Peserta Contoh Šimon Rahman" in texts(in_times)[0]
    in_vera = certificate(replace(CERTIFICATE, name="Peserta Contoh Šimić"))
    assert "Peserta Contoh Šimić" in texts(in_vera)[0]


def test_every_line_of_the_middle_is_centred() -> None:
    (page,) = reader(certificate(CERTIFICATE)).pages
    middle = landscape(A4)[0] / 2
    centred = [line for line in boxes(page) if abs((line.left + line.right) / 2 - middle) < 0.1]
    assert len(centred) == 15  # ten of the middle, five of who signs
    assert max(line.right - line.left for line in centred) > 150 * mm  # the name


WORDS = st.text(st.sampled_from("abc dWM iĆḥ-."), max_size=300)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.one_of(st.just(LONG_NAME), st.just("W" * 120), WORDS),
    title=st.one_of(st.just("Pertemuan Pembelajaran Sebaya " * 10), WORDS),
    organiser=WORDS,
    venue=WORDS,
    office=WORDS,
    role=st.text(st.sampled_from("ab c"), max_size=80),
    language=st.sampled_from(("id", "en")),
)
def test_no_text_however_long_leaves_the_border_or_covers_another(  # noqa: PLR0917
    name: str, title: str, organiser: str, venue: str, office: str, role: str, language: Language
) -> None:
    facts = replace(
        CERTIFICATE,
        name=name,
        meeting_title=title,
        organiser=organiser,
        venue=venue,
        on_behalf_of=office,
        signer_title=office,
        role_text=role,
        language=language,
    )
    (page,) = reader(certificate(facts)).pages
    lines = boxes(page)
    assert lines
    for line in lines:
        assert line.left > INSIDE
        assert line.bottom > INSIDE
        assert line.right < landscape(A4)[0] - INSIDE
        assert line.top < landscape(A4)[1] - INSIDE
    assert not [pair for pair in combinations(lines, 2) if pair[0].overlaps(pair[1])]


def test_five_hundred_certificates_are_one_file_to_print() -> None:
    people = (
        replace(CERTIFICATE, name=f"Peserta Contoh {n}", verification_url=f"{TICKET}/{n}")
        for n in range(1, 501)
    )
    file, done = BytesIO(), list[int]()
    assert write_certificates(file, people, done.append) == 500

    pages = reader(file.getvalue()).pages
    assert len(pages) == 500
    assert "Peserta Contoh 500" in pages[499].extract_text()
    assert codes(pages[499]) == [f"{TICKET}/500"]
    assert done == sorted(done)
    assert done[0] == 20
    assert done[-1] == 500
    assert len(file.getvalue()) < 2_000_000  # the border is in it once


def test_a_printing_that_is_stopped_writes_nothing() -> None:
    file = BytesIO()

    def stop(_done: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_certificates(file, [CERTIFICATE] * 20, stop)
    assert not file.getvalue()
    with pytest.raises(ValueError, match="no certificate"):
        write_certificates(file, [], unheard)


# --- codes, booth ----------------------------------------------------------------


def test_the_code_on_a_page_and_in_a_mail_scans_and_needs_no_style() -> None:
    svg = qr_svg(TICKET, 'Tiket <Anda> & "kode"')
    assert "<title>Tiket &lt;Anda&gt; &amp; &quot;kode&quot;</title>" in svg
    assert "style" not in svg
    side = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    image = Image.new("L", (side * 4, side * 4), 255)
    pen = ImageDraw.Draw(image)
    for run in re.findall(r"M(\d+) (\d+)h(\d+)v1h", svg):
        x, y, length = (int(value) * 4 for value in run)
        pen.rectangle((x, y, x + length - 1, y + 3), fill=0)
    assert scanned(image) == [TICKET]

    assert scanned(Image.open(BytesIO(qr_png(TICKET)))) == [TICKET]


def test_runs_hold_every_dark_module_once() -> None:
    side, runs = qr_runs(TICKET)
    dark = [(x + step, y) for x, y, length in runs for step in range(length)]
    assert len(dark) == len(set(dark))
    assert all(0 <= x < side and 0 <= y < side for x, y in dark)
    assert (0, 0) in dark


def test_the_booth_card_shows_what_fits_and_counts_the_rest() -> None:
    facts = BoothCardFacts(
        library="Perpustakaan Desa Contoh",
        region="Kab. Bintan",
        meeting_title=MEETING,
        products=(Product("Kerupuk ikan", "Rp25.000"), Product("Tas pandan")),
        gallery_url="https://sejawat.example/lapak/contoh",
        number="7",
    )
    content = booth_card(facts)
    (text,) = texts(content)
    assert "LAPAK MINI 7 Perpustakaan Desa Contoh Kab. Bintan Kerupuk ikan Rp25.000 Tas" in text
    (page,) = reader(content).pages
    assert (page.mediabox.width, page.mediabox.height) == pytest.approx(A5, abs=0.01)
    assert codes(page) == [facts.gallery_url]

    many = booth_card(replace(facts, products=facts.products * 10, language="en"))
    (text,) = texts(many)
    shown = text.count("Kerupuk ikan") + text.count("Tas pandan")
    assert f"and {20 - shown} more" in text
    lines = boxes(reader(many).pages[0])
    assert not [pair for pair in combinations(lines, 2) if pair[0].overlaps(pair[1])]
