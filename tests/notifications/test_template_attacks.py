"""Drafts that are made to harm: to eat the machine, to stop a mail, to slip something into it."""

import json

import pytest
from notifications.mailroom import deliver, messages, registered, rows
from uuid_utils.compat import uuid7

from services.notifications.contents import MOST_FILLED, TooLong, Wording, base
from services.notifications.template_checks import MOST, check

NAME = "registration_submitted"
KEPT = "{{ own_link }}{{ code }}"
HTML = '{% extends "layout.html" %}{% from "parts.html" import link, action, facts, paragraph %}'


@pytest.fixture(autouse=True)
def _nothing_written(empty: None) -> None:  # noqa: ARG001 - it comes first
    rows("DELETE FROM template_version; DELETE FROM official")


def codes(part: str, source: str, template: str = NAME) -> set[str]:
    assert len(source) <= MOST
    found = check(template, dict(base(template).parts) | {part: source})
    return {one.code for one in found if one.part == part} - {"link_lost"}


def text(source: str, template: str = NAME) -> set[str]:
    return codes("text.id.txt", KEPT + source if template == NAME else source, template)


def html(source: str, template: str = NAME) -> set[str]:
    return codes("html.id.html", f"{HTML}{{% block body %}}{source}{{% endblock %}}", template)


@pytest.mark.parametrize(
    "source",
    [
        "{% set a = name %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
        "{% set self = name %}{{ self.center(200000000) }}",
        "{% for self in name %}{{ self.center(200000000) }}{% endfor %}",
        "{% for a in [1, 2, 3] %}{% for b in [1, 2, 3] %}{{ a }}{% endfor %}{% endfor %}",
        "{% for a in name ~ name %}{{ a }}{% endfor %}",
        "{{ name ~ name }}",
        "{{ [name] }}",
        "{{ (name, name) }}",
        "{% for a in name recursive %}{{ loop(name) }}{% endfor %}",
        '{% if name == "x" %}{% from "parts.html" import range %}{% endif %}{{ range(9) }}',
        "{% block x %}{{ self.x() }}{% endblock %}",
        "{{ name is divisibleby(0) }}",
    ],
)
def test_nothing_large_can_be_made_of_a_small_draft(source: str) -> None:
    assert "forbidden" in text(source)


def test_a_loop_within_a_loop_is_over_what_lies_in_it() -> None:
    square = "{% for a in links %}{% for b in links %}{{ b.name }}{% endfor %}{% endfor %}"
    assert "forbidden" in text(square, "own_links")
    assert (
        text("{% for a in links %}{{ a.name }} {{ loop.index }}{% endfor %}", "own_links") == set()
    )
    deep = "{% for a in links %}" + "{% for a in a %}" * 20 + "{% endfor %}" * 21
    assert text(deep, "own_links") & {"forbidden", "fails"}


@pytest.mark.parametrize(
    "source",
    [
        '{{ link("x", link("x", own_link)) }}',
        '{{ link("x") }}',
        '{{ facts("x") }}',
        '{{ facts([("x",)]) }}',
        '{{ link("x", url=own_link) }}',
        "{{ paragraph() }}",
        "{{ caller() }}",
        "{{ super() }}",
        "{{ self.body() }}",
        "{{ self.title() }}",
        "{{ self }}",
        "{{ range(9) }}",
    ],
)
def test_building_blocks_are_called_as_they_are_made(source: str) -> None:
    assert html(source) & {"forbidden", "fails"}


@pytest.mark.parametrize(
    "start",
    [
        '{% extends "layout.html" %}{% from "parts.html" import range %}',
        '{% extends "layout.html" %}{% from "parts.html" import link as self %}',
        '{% extends "layout.html" %}{% from "layout.html" import band %}',
        '{% extends "parts.html" %}',
        '{% extends "layout.html" %}{% if name == "x" %}{% extends "layout.html" %}{% endif %}',
    ],
)
def test_only_what_there_is_can_be_imported_and_only_on_top(start: str) -> None:
    part = f"{start}{{% block body %}}{KEPT}{{% endblock %}}"
    assert "forbidden" in codes("html.id.html", part)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ name|truncate(1) }}", "fails"),
        ("(" * 3000, "syntax"),
        ("{{ " + "(" * 3000 + "name" + ")" * 3000 + " }}", "syntax"),
        ("{{ name|upper(1) }}", "fails"),
        ("{{ name|truncate(name) }}", "fails"),
        ("{{ name|join }}", "fails"),
        ("{% for a in name %}{{ a }}{% endfor %}", "fails"),
        ("{{ loop.index }}", "undefined"),
        ("{{ preferences }}", "undefined"),
    ],
)
def test_what_would_fail_is_a_problem_of_the_draft(source: str, code: str) -> None:
    if source == "(" * 3000:
        source = "{{ " + source
    assert code in text(source)


def test_more_nesting_than_python_compiles_is_a_problem_too() -> None:
    ifs = "{% if name %}" * 120 + "x" + "{% endif %}" * 120
    assert text(ifs) & {"syntax", "fails"}
    calls = "{% call paragraph() %}" * 60 + "x" + "{% endcall %}" * 60
    assert html(KEPT + calls) & {"syntax", "fails"} or html(KEPT + calls) == set()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("{{ name.surname }}", "undefined"),
        ("{{ name|truncate(1) }}", "fails"),
        ("{{ meeting.upper }}", "undefined"),
        ("{{ name.x.y }}", "undefined"),
    ],
)
def test_branches_that_the_sample_does_not_take_are_looked_at(wrong: str, code: str) -> None:
    assert code in text('{% if name == "nobody" %}' + wrong + "{% endif %}")
    assert code in text('{{ "x" if name else ' + wrong.strip("{} ") + " }}")


@pytest.mark.parametrize(
    "source",
    [
        "<script>x</script>",
        "<svg onload=alert(1)>",
        '<p onclick="x">x</p>',
        "<img src='https://contoh.id/x.png'>",
        '<a href="java&#115;cript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<a href="//contoh.id">x</a>',
        '<a href="{{ name }}">x</a>',
        "<math><x></math>",
        '<{{ "scr" }}ipt>',
        '{% if name == "nobody" %}<script>x</script>{% endif %}',
        '{{ link("x", "javascript:alert(1)") }}',
        '{% if name == "nobody" %}{{ action("x", "data:x", "x") }}{% endif %}',
        '<p style="background:url(https://contoh.id/x)">x</p>',
        "<!--[if mso]><p>x</p><![endif]-->",
        "<style>p { }</style>",
        "<p title='x' <b>",
        "<a href='https://contoh.id'",
        "{% block title %}<b>x</b>{% endblock %}",
    ],
)
def test_html_holds_only_what_is_listed(source: str) -> None:
    assert "forbidden" in html(KEPT + source)


def test_what_is_listed_can_be_used() -> None:
    good = (
        '<p style="margin:0 0 16px">Halo <strong>{{ name }}</strong> &amp; semua<br>'
        '<a class="link" href="{{ own_link }}">x</a> <a href="mailto:halo@contoh.id">y</a></p>'
        "<ul><li>{{ code }}</li></ul>"
    )
    assert html(good) == set()


def test_a_title_is_not_printed_in_itself() -> None:
    title = '{% from "parts.html" import heading %}{% block title %}{{ heading(self.title()) }}'
    part = f'{{% extends "layout.html" %}}{title}{{% endblock %}}'
    assert "forbidden" in codes("html.id.html", part)


def test_what_is_filled_in_has_an_end_also_later() -> None:
    long = Wording(dict(base(NAME).parts) | {"text.id.txt": "{{ name }}" * 1000})
    with pytest.raises(TooLong):
        long.part("text", "id", {"name": "x" * (MOST_FILLED // 900)})


def test_nothing_but_building_blocks_is_callable_whatever_was_checked() -> None:
    for source in ("{{ name.center(9) }}", "{{ range(9) }}", "{{ lipsum() }}"):
        wording = Wording(dict(base(NAME).parts) | {"text.id.txt": source})
        with pytest.raises(Exception, match=r"not safely callable|undefined"):
            wording.part("text", "id", {"name": "x"})


def test_a_wording_that_fails_for_one_reader_falls_back_to_the_repositorys() -> None:
    broken = dict(base(NAME).parts) | {
        "subject.id.txt": "Lain",
        "text.id.txt": "{{ name.nothing }}",
    }
    rows(
        "INSERT INTO template_version (id, template, number, state, parts, author, changed_at, "
        f"published_at, published_by) VALUES ('{uuid7()}', '{NAME}', 1, 'published', "
        "CAST(:parts AS jsonb), 'Ani Contoh', now(), now(), 'Ani Contoh')",
        parts=json.dumps(broken),
    )
    deliver(registered(language="id"))
    [message] = messages()
    assert (message.subject.split(":")[0], message.template_version) == (
        "Pendaftaran Anda sudah kami terima",
        None,
    )
