"""A meeting's own questions: what counts as an answer, and what a host may still change."""

from typing import Any
from uuid import uuid4

import pytest
from hosts import HOST, NEIGHBOUR, form_of, guests, http, open_meeting, post
from sqlalchemy import update
from starlette.datastructures import FormData

from services.registration import question_editing as editing
from services.registration import questions
from services.registration.models import Meeting, Question, Registration
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")

YES_NO = [{"value": "ya", "label": "Ya", "label_en": "Yes"}, {"value": "tidak", "label": "Tidak"}]


NO_ANSWERS: dict[str, list[Any]] = {
    "text": ["x" * 301, "dua\nbaris", "nul\x00", 7, ["a"], {"a": 1}],
    "number": ["dua", "1e9", "1,2,3", True, [1], "9" * 40, "nan", {}],
    "date": ["31/02/2027", "besok", "2027-13-01", 20270817, ["2027-01-01"]],
    "choice": ["mungkin", ["ya"], 1, {"ya": 1}],
    "several": ["mungkin", ["ya", "x"], [["ya"]], {"ya": 1}, [{"a": 1}]],
    "file": ["../../etc", 5, ["a"], {}],
}


def question(key: str, kind: str, **more: Any) -> Question:
    blank: dict[str, Any] = {
        "required": False,
        "options": [],
        "rules": {},
        "show_if": None,
        "participant_types": [],
        "label_en": "",
    }
    return Question(key=key, type=kind, label=key, **blank | more)


def check(one: Question, given: Any) -> tuple[Any, str]:
    """The answer as it is stored, or what is wrong with it."""
    answers, errors = questions.check([one], {one.key: given}, str)
    return answers.get(one.key), errors.get(f"q_{one.key}", "")


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        ("text", "  Mobil dinas ", "Mobil dinas"),
        ("long_text", "Satu\r\nDua", "Satu\nDua"),
        ("number", "1.234,5", 1234.5),
        ("number", "1.000", 1000),
        ("number", "12.5", 12.5),
        ("number", 7, 7),
        ("date", "17/08/2027", "2027-08-17"),
        ("date", "2027-08-17", "2027-08-17"),
        ("choice", "ya", "ya"),
        ("several", ["tidak", "ya", "ya"], ["ya", "tidak"]),
        ("several", "ya", ["ya"]),
        ("file", "01920000-0000-7000-8000-000000000001", "01920000-0000-7000-8000-000000000001"),
    ],
)
def test_answers_are_stored_as_a_program_wants_them(kind: str, given: Any, stored: Any) -> None:
    one = question("q", kind, options=YES_NO if kind in {"choice", "several"} else [])
    assert check(one, given) == (stored, "")


@pytest.mark.parametrize(
    ("kind", "given"),
    [(kind, given) for kind, wrong in NO_ANSWERS.items() for given in wrong],
)
def test_what_is_no_answer_is_told_and_never_stored(kind: str, given: Any) -> None:
    one = question("q", kind, options=YES_NO if kind in {"choice", "several"} else [])
    stored, wrong = check(one, given)
    assert stored is None
    assert wrong


@pytest.mark.parametrize(
    ("kind", "rules", "given", "wrong"),
    [
        ("number", {"min": 1, "max": 10}, "0", "Paling kecil 1."),
        ("number", {"min": 1, "max": 10}, "10,5", "Paling besar 10."),
        ("number", {"min": 1, "max": 10}, "10", ""),
        ("date", {"min": "2027-06-01"}, "2027-05-31", "Paling awal 01/06/2027."),
        ("date", {"max": "2027-06-01"}, "2027-06-02", "Paling akhir 01/06/2027."),
        ("text", {"min": 3}, "ab", "Paling sedikit 3 huruf."),
        ("text", {"max": 3}, "abcd", "Paling banyak 3 huruf."),
        ("several", {"min": 2}, ["ya"], "Pilih paling sedikit 2."),
        ("several", {"max": 1}, ["ya", "tidak"], "Pilih paling banyak 1."),
    ],
)
def test_limits_hold(kind: str, rules: dict[str, Any], given: Any, wrong: str) -> None:
    one = question("q", kind, rules=rules, options=YES_NO)
    assert check(one, given)[1] == wrong


@pytest.mark.parametrize(
    "kind", ["text", "long_text", "number", "date", "choice", "several", "file"]
)
@pytest.mark.parametrize("given", [None, "", "  ", []])
def test_only_a_required_question_must_be_answered(kind: str, given: Any) -> None:
    blank = [] if kind == "several" else "" if given == [] else given
    if blank == "  " and kind != "text":
        blank = ""
    assert check(question("q", kind, options=YES_NO), blank) == (None, "")
    wrong = check(question("q", kind, options=YES_NO, required=True), blank)[1]
    assert wrong == "Pertanyaan ini wajib dijawab."


def test_a_hidden_question_is_not_required_and_its_answer_is_dropped() -> None:
    bus = question("bus", "choice", options=YES_NO)
    where = question("where", "text", required=True, show_if={"key": "bus", "values": ["ya"]})
    when = question("when", "text", show_if={"key": "where", "values": ["Batam"]})
    asked = [bus, where, when]
    answers, errors = questions.check(asked, {"bus": "tidak", "where": "Batam", "when": "x"}, str)
    assert (answers, errors) == ({"bus": "tidak"}, {})
    answers, errors = questions.check(asked, {"bus": "ya"}, str)
    assert errors == {"q_where": "Pertanyaan ini wajib dijawab."}
    answers, errors = questions.check(asked, {"bus": "ya", "where": "Batam", "when": "x"}, str)
    assert answers == {"bus": "ya", "where": "Batam", "when": "x"}
    assert questions.is_shown(where, {"bus": ["tidak", "ya"]})


def test_an_unknown_key_is_told() -> None:
    assert set(questions.check([], {"asing": "x"}, str)[1]) == {"q_asing"}


def test_a_form_is_read_by_the_names_of_its_fields() -> None:
    several, text = question("several", "several", options=YES_NO), question("text", "text")
    data = FormData([("q_several", "ya"), ("q_several", "tidak"), ("q_text", "a"), ("name", "x")])
    raw = questions.typed([several, text], data)
    assert raw == {"several": ["ya", "tidak"], "text": "a"}
    assert questions.form_values(raw) == {"q_several": "ya tidak", "q_text": "a"}


# --- the host's side -------------------------------------------------------------------------


def path(meeting: Meeting, what: str = "") -> str:
    return f"/meetings/{meeting.slug}/questions{what}"


def add(meeting: Meeting, label: str, kind: str = "text", **more: Any) -> Question:
    answer = post(path(meeting, "/new"), label=label, type=kind, **more)
    assert answer.status_code == 303, answer.text
    return of(meeting)[-1]


def of(meeting: Meeting) -> list[Question]:
    with database.sessions.begin() as session:
        return editing.of(session, meeting.id)


def answer_it(meeting: Meeting, answers: dict[str, Any]) -> None:
    (person,) = guests(meeting, 1)
    with database.sessions.begin() as session:
        session.execute(
            update(Registration).where(Registration.id == person).values(answers=answers)
        )


def test_questions_are_asked_in_order_of_those_they_are_for() -> None:
    meeting = open_meeting()
    add(meeting, "Nomor kendaraan")
    add(meeting, "Cerita Anda", "long_text", participant_types=["impact"])
    with database.sessions.begin() as session:
        everyone = questions.asked(session, meeting.id)
        village = questions.asked(session, meeting.id, "village_library")
    with database.autocommit() as connection:
        impact = questions.asked(connection, meeting.id, "impact")
    assert [each.key for each in everyone] == ["nomor_kendaraan", "cerita_anda"]
    assert [each.key for each in village] == ["nomor_kendaraan"]
    assert [each.key for each in impact] == ["nomor_kendaraan", "cerita_anda"]


def test_two_questions_of_one_name_have_two_keys() -> None:
    meeting = open_meeting()
    assert [add(meeting, "Usia?", "number").key for _ in range(2)] == ["usia", "usia_2"]


def test_options_keep_their_values_when_a_label_is_corrected() -> None:
    meeting = open_meeting()
    one = add(meeting, "Datang naik apa?", "choice", options="Bus\nKapl | Ship")
    assert [option["value"] for option in one.options] == ["bus", "kapl"]
    fields = form_of(http("GET", path(meeting, f"/{one.id}")).text)
    assert fields["options"] == "Bus\nKapl | Ship"
    answer = post(path(meeting, f"/{one.id}"), **fields | {"options": "Bus\nKapal | Ship"})
    assert answer.status_code == 303
    assert [(o["value"], o["label"]) for o in of(meeting)[0].options] == [
        ("bus", "Bus"),
        ("kapl", "Kapal"),
    ]


def test_once_answered_type_and_chosen_options_are_locked_and_told_why() -> None:
    meeting = open_meeting()
    one = add(meeting, "Datang naik apa?", "choice", options="Bus\nKapal\nPesawat")
    answer_it(meeting, {one.key: "bus"})
    page = http("GET", path(meeting, f"/{one.id}")).text
    assert "Satu orang sudah menjawab" in page
    fields = {"label": "Datang naik apa?", "type": "text"}
    answer = post(path(meeting, f"/{one.id}"), **fields)
    assert answer.status_code == 422
    assert "jenis jawabannya tidak dapat diubah" in answer.text
    fields = {"label": "Datang naik apa?", "type": "choice", "options": "Kapal\nPesawat"}
    assert "Kembalikan barisnya" in post(path(meeting, f"/{one.id}"), **fields).text
    fields["options"] = "Bus\nKapal"
    assert post(path(meeting, f"/{one.id}"), **fields).status_code == 303
    answer = post(path(meeting, f"/{one.id}/delete"))
    assert answer.status_code == 422
    assert "tidak dapat dihapus" in answer.text


def test_a_condition_leans_only_on_an_earlier_question() -> None:
    meeting = open_meeting()
    bus = add(meeting, "Ikut bus?", "choice", options="Ya\nTidak")
    where = add(meeting, "Naik di mana?", show_if=[f"{bus.key}=ya"])
    assert where.show_if == {"key": "ikut_bus", "values": ["ya"]}
    fields = {"label": "Ikut bus?", "type": "choice", "options": "Ya\nTidak"}
    answer = post(path(meeting, f"/{bus.id}"), **fields, show_if="naik_di_mana=x")
    assert answer.status_code == 422
    assert "di atas pertanyaan ini" in answer.text
    gone = post(path(meeting, f"/{bus.id}"), **fields | {"options": "Mungkin\nTidak\nEntah"})
    assert "bergantung pada jawaban yang hilang" in gone.text
    assert post(path(meeting, f"/{bus.id}/delete")).status_code == 422
    refused = post(path(meeting, f"/{where.id}/move"), to="up")
    assert refused.status_code == 422
    assert "harus tetap di bawahnya" in refused.text
    assert [each.key for each in of(meeting)] == ["ikut_bus", "naik_di_mana"]


def test_a_condition_is_a_sentence_of_its_own_that_a_script_can_hide() -> None:
    meeting = open_meeting()
    bus = add(meeting, "Ikut bus?", "choice", options="Ya\nTidak")
    add(meeting, "Naik di mana?", hint="Contoh: Pelabuhan <1>", show_if=[f"{bus.key}=ya"])
    page = http("GET", f"/meetings/{meeting.slug}/register?participant_type=impact", None).text
    assert "Contoh: Pelabuhan &lt;1&gt;. <span data-condition>Jawab bila" in page


def test_questions_change_places_and_go() -> None:
    meeting = open_meeting()
    first, second = add(meeting, "Pertama?"), add(meeting, "Kedua?")
    assert post(path(meeting, f"/{second.id}/move"), to="up").status_code == 303
    assert [each.key for each in of(meeting)] == ["kedua", "pertama"]
    assert post(path(meeting, f"/{first.id}/delete")).status_code == 303
    assert [each.key for each in of(meeting)] == ["kedua"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"type": "choice", "options": "Ya"}, "options"),
        ({"type": "choice", "options": "Ya\nya"}, "options"),
        ({"type": "number", "least": "sedikit"}, "least"),
        ({"type": "number", "least": "9", "most": "1"}, "most"),
        ({"type": "text", "most": "1000"}, "most"),
        ({"type": "date", "most": "besok"}, "most"),
        ({"type": "lain"}, "type"),
        ({"label": ""}, "label"),
        ({"participant_types": "presiden"}, "participant_types"),
    ],
)
def test_a_question_that_cannot_be_is_told_and_stays_as_typed(
    fields: dict[str, str], field: str
) -> None:
    meeting = open_meeting()
    typed = {"label": "Pertanyaan yang diketik", "type": "text"} | fields
    answer = post(path(meeting, "/new"), **typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert typed["label"] in answer.text
    assert of(meeting) == []


def test_a_question_belongs_to_its_meeting() -> None:
    meeting, other = open_meeting(), open_meeting()
    one = add(meeting, "Milik siapa?")
    assert http("GET", path(other, f"/{one.id}")).status_code == 404
    assert http("GET", path(meeting, f"/{one.id}"), NEIGHBOUR).status_code == 404
    assert post(path(meeting, f"/{one.id}/delete"), NEIGHBOUR).status_code == 404
    assert http("GET", path(meeting, f"/{uuid4()}"), HOST).status_code == 404
