"""Versions of templates: nothing that could go wrong is published, and nobody undoes another."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from notifications.mailroom import body, deliver, mails, messages, registered, rows, send_due
from uuid_utils.compat import uuid7

from services.notifications import contents, templates
from services.notifications.contents import FILES, TemplateNotFound, base
from services.notifications.resources import database
from services.notifications.template_checks import MESSAGES, Problem, check, errors, numbered
from services.notifications.templates import (
    REPOSITORY,
    DraftExists,
    DraftNotFound,
    NoAddress,
    NotReady,
    Overtaken,
)
from shared.local.smtp_sink import SmtpSink
from shared.security import Caller

NAME = "registration_submitted"
ACCOUNT = UUID("01920000-0000-7000-8000-000000000001")
ANI = Caller("national", "Ani Contoh", str(ACCOUNT), "")
BUDI = Caller("national", "Budi Contoh", str(uuid7()), "")


@pytest.fixture(autouse=True)
def _nothing_written(empty: None) -> None:  # noqa: ARG001 - it comes first
    rows("DELETE FROM template_version; DELETE FROM official")


def parts(**changes: str) -> dict[str, str]:
    """The repository's parts with other ones; `html_id` is `html.id.html`."""
    names = {name.rpartition(".")[0].replace(".", "_"): name for name in FILES}
    return dict(base(NAME).parts) | {names[name]: source for name, source in changes.items()}


def found(**changes: str) -> list[tuple[str, int, str]]:
    return [(one.part, one.line, one.code) for one in check(NAME, parts(**changes))]


def test_the_repositorys_own_templates_are_fit_to_be_sent() -> None:
    wrong = {
        name: [(one.part, one.line, one.said(str)) for one in check(name, base(name).parts)]
        for name in contents.names()
    }
    assert {name: problems for name, problems in wrong.items() if problems} == {}
    for name in contents.names():
        assert set(base(name).parts) == set(FILES), f"{name} lacks a part"
        known = [set(contents.sample(name, language)) for language in contents.LANGUAGES]
        assert known[0] == known[1], f"{name}: its made-up data differ by language"


HTML = '{% extends "layout.html" %}\n{% from "parts.html" import link %}\n{% block body %}\n'
LINK = "{{ link(name, own_link) }}\n"


@pytest.mark.parametrize(
    ("part", "source", "line", "code"),
    [
        ("subject_id", "", 0, "missing"),
        ("text_id", "x" * 20_001, 0, "long"),
        ("subject_id", "Halo\nBcc: lain@contoh.id", 2, "subject_lines"),
        ("subject_id", "{% if name == 'x' %}x{% endif %}", 0, "subject_empty"),
        ("text_id", "{{ own_link }}{{ code }}\n\n{{ nama }}", 3, "undeclared"),
        ("text_id", "{{ own_link }}{{ code }}\n{% if %}", 2, "syntax"),
        ("text_id", "{{ own_link }}{{ code }}\n{{ name|tidak_ada }}", 2, "syntax"),
        ("text_id", "{{ own_link }}{{ code }}\n{{ name|pprint }}", 2, "forbidden"),
        ("text_id", "{{ own_link }}{{ code }}{{ name.__class__ }}", 1, "forbidden"),
        ("text_id", "{{ own_link }}{{ code }}{{ name.upper() }}", 1, "forbidden"),
        ("text_id", "{{ own_link }}{{ code }}{{ range(9) }}", 1, "forbidden"),
        ("text_id", "{{ own_link }}{{ code }}{{ 9 ** 9 }}", 1, "forbidden"),
        ("text_id", '{{ own_link }}{{ code }}{% include "../../../x" %}', 1, "forbidden"),
        ("text_id", "{{ own_link }}{{ code }}{{ name.surname }}", 1, "undefined"),
        ("text_id", "{{ own_link }}{{ code }}{{ name > 1 }}", 1, "forbidden"),
        ("html_id", HTML + LINK + "{{ name|safe }}{{ code }}{% endblock %}", 5, "unescaped"),
        ("html_id", HTML + LINK + "{{ code }}<script>x</script>{% endblock %}", 5, "forbidden"),
        ("html_id", "<p>{{ code }} {{ own_link }}</p>", 1, "frame"),
        ("html_id", '{% extends "x.html" %}{{ code }}{{ own_link }}', 1, "forbidden"),
        ("whatsapp_id", "Halo {{ name|upper }} {{ code }} {{ own_link }}.", 1, "plain"),
        ("whatsapp_id", "{% if name %}{{ code }}{{ own_link }}{% endif %}", 1, "plain"),
        ("whatsapp_id", "{{ name }} {{ code }} {{ own_link }}.", 0, "edge"),
        ("whatsapp_id", "Halo {{ code }} {{ own_link }}" + "." * 1010, 0, "whatsapp_long"),
        ("sms_id", "{{ code }} {{ own_link }} ñandú ĉ", 0, "sms_signs"),
        ("sms_id", "{{ code }} {{ own_link }}" + " panjang" * 60, 0, "sms_parts"),
        ("text_id", "{{ own_link }}", 0, "link_lost"),
        ("sms_id", "Kode {{ code }}", 0, "purpose_lost"),
    ],
)
def test_what_could_go_wrong_is_found_with_its_line(
    part: str, source: str, line: int, code: str
) -> None:
    problems = [(one[1], one[2]) for one in found(**{part: source})]
    assert (line, code) in problems
    assert {one[0].partition(".")[0] for one in found(**{part: source})} == {part.partition("_")[0]}


def test_every_problem_is_said_in_words() -> None:
    for code in MESSAGES:
        details = dict.fromkeys(("detail", "name", "known", "most", "parts"), "x")
        assert "{detail}" not in Problem("text.id.txt", 1, code, details).said(str)


def test_only_what_costs_or_confuses_is_a_warning() -> None:
    assert errors(check(NAME, parts(sms_id="{{ own_link }}" + " panjang" * 60))) == []


@pytest.mark.parametrize("part", ["text.id.txt", "html.en.html", "sms.id.txt", "whatsapp.en.txt"])
def test_a_code_that_is_not_there_cannot_be_published(part: str) -> None:
    kept = base("sign_in_code").parts
    lost = kept[part].replace("{{ code }}", "000000").replace("code)", "until)")
    assert [one.code for one in errors(check("sign_in_code", dict(kept)))] == []
    assert [one.code for one in errors(check("sign_in_code", {**kept, part: lost}))] == [
        "purpose_lost"
    ]


def test_meta_gets_numbers_in_place_of_names() -> None:
    text = numbered(base("own_links").slots("id"))
    assert "{{1}}" in text
    assert "all_links" not in text


def published(**changes: str) -> None:
    """Somebody changes some parts of the template and publishes them."""
    with database.sessions.begin() as session:
        in_use = contents.in_use(session, NAME).version or REPOSITORY
        draft = templates.begin(session, ANI, NAME, in_use)
        seen = templates.save(session, NAME, ANI, parts(**changes), draft.changed_at).changed_at
        templates.publish(session, NAME, ANI, seen)


def subjects() -> list[tuple[str, int | None]]:
    deliver(registered(language="id"))
    return [(message.subject.split(":")[0], message.template_version) for message in messages()]


def test_what_is_published_is_sent_from_then_on(sink: SmtpSink) -> None:
    subject = "{}: {{{{ meeting }}}}"
    assert subjects()[-1] == ("Pendaftaran Anda sudah kami terima", None)
    published(subject_id=subject.format("Sudah masuk"))
    assert subjects()[-1] == ("Sudah masuk", 1)
    published(subject_id=subject.format("Kami terima"))
    assert subjects()[-1] == ("Kami terima", 2)
    with database.sessions.begin() as session:
        templates.restore(session, NAME, BUDI, 1, 2)
    assert subjects()[-1] == ("Sudah masuk", 3)
    with database.sessions.begin() as session:
        templates.restore(session, NAME, BUDI, REPOSITORY, 3)
    assert subjects()[-1] == ("Pendaftaran Anda sudah kami terima", None)
    send_due()
    assert len(mails(sink)) == 5
    told = rows(
        "SELECT number, state, published_by, retired_by, restored_from FROM "
        "template_version ORDER BY number"
    )
    assert [tuple(row) for row in told] == [
        (1, "retired", "Ani Contoh", "Ani Contoh", None),
        (2, "retired", "Ani Contoh", "Budi Contoh", None),
        (3, "retired", "Budi Contoh", "Budi Contoh", 1),
    ]


def test_a_part_that_came_later_is_not_missing_in_an_older_version() -> None:
    published(subject_id="Sudah masuk")
    rows("UPDATE template_version SET parts = parts - 'whatsapp.id.txt' - 'text.id.txt'")
    contents._published.clear()  # as in a process that starts now
    assert subjects()[-1] == ("Sudah masuk", 1)


def test_nothing_unfit_is_published_and_all_that_is_wrong_is_told() -> None:
    with database.sessions.begin() as session:
        draft = templates.begin(session, ANI, NAME, REPOSITORY)
        wrong = parts(text_id="{{ nama }}{{ own_link }}", html_en="", sms_id="{{ own_link }}")
        draft = templates.save(session, NAME, ANI, wrong, draft.changed_at)
        with pytest.raises(NotReady) as refused:
            templates.publish(session, NAME, ANI, draft.changed_at)
    assert {(one.part, one.code) for one in refused.value.problems} == {
        ("text.id.txt", "undeclared"),
        ("html.en.html", "missing"),
    }
    assert subjects()[-1][1] is None


def test_nobody_undoes_what_another_wrote() -> None:
    with database.sessions.begin() as session:
        seen = templates.begin(session, ANI, NAME, REPOSITORY).changed_at
        with pytest.raises(DraftExists):
            templates.begin(session, BUDI, NAME, REPOSITORY)
    with database.sessions.begin() as session:
        templates.save(session, NAME, BUDI, parts(subject_id="Dari Budi"), seen)
    changes: list[Any] = [
        lambda session: templates.save(session, NAME, ANI, parts(), seen),
        lambda session: templates.publish(session, NAME, ANI, seen),
        lambda session: templates.discard(session, NAME, ANI, seen),
        lambda session: templates.restore(session, NAME, ANI, REPOSITORY, 7),
    ]
    for change in changes:
        with pytest.raises(Overtaken), database.sessions.begin() as session:
            change(session)
    with database.sessions.begin() as session:
        assert templates.draft(session, NAME).parts["subject.id.txt"] == "Dari Budi"


def test_a_draft_put_aside_stays_in_the_history_and_is_never_sent() -> None:
    with database.sessions.begin() as session:
        seen = templates.begin(session, ANI, NAME, REPOSITORY).changed_at
        templates.discard(session, NAME, BUDI, seen)
        with pytest.raises(DraftNotFound):
            templates.draft(session, NAME)
        [version] = templates.history(session, NAME)
        assert (version.state, version.published_at) == ("retired", None)
        assert templates.begin(session, ANI, NAME, REPOSITORY).number == 2
        with pytest.raises(TemplateNotFound):
            templates.find(session, NAME, 3)
        with pytest.raises(TemplateNotFound):
            templates.draft(session, "tidak_ada")


def test_a_change_is_shown_line_by_line() -> None:
    published(sms_id="Sejawat: {{ code }}\n{{ own_link }}")
    with database.sessions.begin() as session:
        after, _version = templates.find(session, NAME, 1)
        [change] = templates.changes(base(NAME), after)
    assert change.part == "sms.id.txt"
    assert ("+", "Sejawat: {{ code }}") in change.lines
    assert [sign for sign, _line in change.lines] == ["-", "-", "+", "+"]


def official(**changes: Any) -> None:
    fields = {
        "account_id": ACCOUNT,
        "email": "ani@contoh.id",
        "phone": None,
    } | changes
    rows(
        "INSERT INTO official (account_id, version, name, email, phone, language, role, "
        "region_code, active) VALUES (:account_id, 1, 'Ani Contoh', :email, :phone, 'id', "
        "'national', '', true)",
        **fields,
    )


def test_a_test_goes_to_ones_own_address_and_once(sink: SmtpSink) -> None:
    official()
    form = UUID(str(uuid7()))
    with database.sessions.begin() as session:
        draft = templates.begin(session, ANI, NAME, REPOSITORY)
        changed = parts(subject_en="Draft of {{ meeting }}")
        number = templates.save(session, NAME, ANI, changed, draft.changed_at).number
    for _ in range(2):
        with database.sessions.begin() as session:
            templates.send_test(
                session, ANI, NAME, number, language="en", channel="email", form_id=form
            )
    send_due()
    [mail] = mails(sink)
    [message] = messages()
    assert (mail["To"], mail["Content-Language"]) == ("ani@contoh.id", "en")
    assert str(mail["Subject"]).startswith("Draft of ")
    assert "Siti Contoh" in body(mail)
    assert (message.rule, message.template, message.template_version) == ("template-test", NAME, 1)
    assert message.expires_at - message.created_at < timedelta(hours=2)


@pytest.mark.parametrize("caller", [ANI, Caller("national", "Program", "petugas", "")])
def test_without_an_address_a_test_is_refused(caller: Caller) -> None:
    official(email=None)
    with pytest.raises(NoAddress), database.sessions.begin() as session:
        templates.send_test(
            session, caller, NAME, 0, language="id", channel="email", form_id=uuid7()
        )
    assert messages() == []
