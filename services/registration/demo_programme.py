"""Demo data: a programme of two days, a letter and two questions, with plainly invented people."""

from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import agenda, question_editing
from services.registration.audit import SYSTEM
from services.registration.hosting_schemas import SessionForm
from services.registration.meetings import days
from services.registration.models import Meeting
from services.registration.question_schemas import QuestionForm

HALL = "Aula"
# Day, from, until, what, where, who speaks (name; role), attendance is taken.
SESSIONS: tuple[tuple[int, str, str, str, str, str, bool], ...] = (
    (0, "08:00", "09:00", "Registrasi dan kunjungan lapak mini", "Lobi", "", False),
    (0, "09:00", "10:00", "Pembukaan", HALL, "Narasumber Contoh 1; Kepala Dinas", True),
    (
        *(0, "10:15", "12:00", "Capaian transformasi perpustakaan di provinsi ini", HALL),
        *("Narasumber Contoh 2; Fasilitator Daerah", False),
    ),
    (
        *(0, "13:00", "15:00", "Berbagi praktik baik: perpustakaan desa", HALL),
        *("Narasumber Contoh 3; Desa Champion\nNarasumber Contoh 4; Moderator", True),
    ),
    (
        0,
        "15:15",
        "16:00",
        "Cerita dampak dari penerima manfaat",
        HALL,
        "Peserta Contoh; Impact",
        False,
    ),
    (
        *(1, "08:30", "10:00", "Klinik: advokasi dan kemitraan", "Ruang A"),
        *("Narasumber Contoh 5; Master Trainer", True),
    ),
    (
        *(1, "08:30", "10:00", "Klinik: pelibatan masyarakat", "Ruang B"),
        *("Narasumber Contoh 6; Master Trainer", True),
    ),
    (
        *(1, "10:15", "12:00", "Menyusun rencana tindak lanjut per kabupaten/kota", HALL),
        *("Narasumber Contoh 2; Fasilitator Daerah", False),
    ),
    (1, "13:00", "15:00", "Paparan rencana tindak lanjut", HALL, "", True),
    (
        1,
        "15:00",
        "16:00",
        "Penghargaan dan penutupan",
        HALL,
        "Narasumber Contoh 1; Kepala Dinas",
        False,
    ),
)

LETTER = {
    "number": "005/001-CONTOH/DPK/2022",
    "nature": "Penting",
    "place": "Tanjungpinang",
    "issued_on": "2022-07-25",
    "recipient": [
        "Bapak/Ibu Kepala Dinas Perpustakaan Kabupaten/Kota",
        "se-Provinsi Kepulauan Riau",
    ],
    "body": (
        "Kami mohon Bapak/Ibu menugaskan pengelola perpustakaan yang akan berbagi praktik baik, "
        "dan membawa hasil kegiatan untuk lapak mini.\n\n"
        "Biaya perjalanan ditanggung oleh instansi masing-masing."
    ),
    "signer_title": "Kepala Dinas Perpustakaan dan Kearsipan",
    "signer_name": "Nama Pejabat Contoh",
    "copies": ["Gubernur (contoh)", "Kepala Perpustakaan Nasional (contoh)"],
}

QUESTIONS = (
    QuestionForm.model_validate(
        {
            "type": "choice",
            "label": "Apakah Anda membawa praktik baik untuk dibagikan?",
            "label_en": "Will you bring a good practice to share?",
            "options": "Ya | Yes\nBelum | Not yet",
        }
    ),
    QuestionForm.model_validate(
        {
            "type": "long_text",
            "label": "Ceritakan praktik baik itu dalam dua atau tiga kalimat",
            "label_en": "Tell us about it in two or three sentences",
            "hint": "Misalnya: kelas menjahit bagi ibu rumah tangga, dan apa hasilnya",
            "hint_en": "For example: a sewing class for homemakers, and what came of it",
            "required": True,
            "show_if": ["apakah_anda_membawa_praktik_ba=ya"],
        }
    ),
)


def add(session: Session, meeting: Meeting) -> None:
    """Give the example meeting its programme, letter and questions; rounds are copied from it."""
    dates = days(meeting.starts_at, meeting.ends_at, meeting.zone)
    for day, starts, ends, title, place, speakers, check_in in SESSIONS:
        form = SessionForm.model_validate(
            {
                "day": dates[day],
                "starts": starts,
                "ends": ends,
                "title": title,
                "place": place,
                "speakers": speakers,
                "check_in": check_in,
            }
        )
        agenda.add(session, SYSTEM, meeting, form, uuid7())
    for question in QUESTIONS:
        question_editing.add(session, SYSTEM, meeting, question, uuid7())
    meeting.letter = LETTER
    session.flush()
