"""Every template with its made-up data, in both languages, as it was last looked at by a person.

After a change that is meant: REWRITE_GOLDEN=1 pytest tests/notifications/test_golden_mails.py, and
look at what git shows.
"""

import json
import os
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from notifications.mailroom import body, parsed

from services.notifications import contents, segments
from services.notifications.contents import LANGUAGES, Contents
from services.notifications.mime import compose
from services.notifications.rules import ALL
from shared.web.formats import Language

pytestmark = pytest.mark.usefixtures("mailroom")

GOLDEN = Path(__file__).parents[1] / "golden" / "mails"
BASE_URL = "http://sejawat.contoh.id"
EVERY = [(name, language) for name in contents.names() for language in LANGUAGES]


class Shown(HTMLParser):
    """What a mail program shows of a mail, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Keep it, unless it is a style sheet."""
        if not self.cdata_elem:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All of it in one line."""
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        """What an attribute is, wherever it stands."""
        return [value for _tag, found, value in self.attributes if found == name]


def mail(template: str, language: Language) -> Contents:
    values = contents.sample(template, language)
    return contents.base(template).render("email", language, values)


def leaves(value: Any) -> list[str]:
    """Every text in made-up data, at any depth."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [str(value)]


def as_read(template: str, language: Language) -> str:
    """A message on every channel, as its golden file has it."""
    values = contents.sample(template, language)
    wording, written = contents.base(template), mail(template, language)
    sms = wording.render("sms", language, values).text
    whatsapp = wording.render("whatsapp", language, values)
    return "\n".join(
        [
            f"# Subject\n{written.subject}\n",
            f"# Text\n{written.text}\n",
            f"# SMS, {segments.count(sms).parts} parts\n{sms}\n",
            f"# WhatsApp\n{whatsapp.text}\n",
            "# WhatsApp's slots",
            *(whatsapp.parameters or ()),
            "",
        ]
    )


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_a_message_says_what_it_said(template: str, language: Language) -> None:
    file = GOLDEN / f"{template}.{language}.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(as_read(template, language))
    assert as_read(template, language) == file.read_text()


def test_there_is_a_golden_file_for_each_template_and_a_template_for_each_rule() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == {f"{n}.{lang}" for n, lang in EVERY}
    assert {rule.template for rule in ALL} == set(contents.names())


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_no_slot_is_left_open(template: str, language: Language) -> None:
    for part in (as_read(template, language), str(mail(template, language).html)):
        assert not re.search(r"\bNone\b|\{\{|\{%|\}\}|Undefined|<bound|object at", part), part
    assert "\n\n\n" not in mail(template, language).text


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_the_html_is_whole_and_loads_nothing(template: str, language: Language) -> None:
    shown = Shown(str(mail(template, language).html))
    assert ("html", "lang", language) in shown.attributes
    assert shown.tags.count("h1") == 1
    assert shown.tags.count("title") == 1
    assert not {"img", "script", "link", "form", "iframe"} & set(shown.tags)
    assert shown.values("src") == []
    tables = [one for one in shown.attributes if one[0] == "table" and one[1] == "role"]
    assert len(tables) == shown.tags.count("table"), "a table that only places is none to a reader"
    for link in shown.values("href"):
        own = link.startswith(f"{BASE_URL}/")
        assert own or link in json.dumps(contents.sample(template, language)), link
        assert link.startswith(("http://", "https://"))


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_text_and_html_say_the_same(template: str, language: Language) -> None:
    written, values = mail(template, language), contents.sample(template, language)
    shown = Shown(str(written.html))
    links = set(shown.values("href"))
    said = " ".join([str(written.subject), shown.text, *links])
    text = " ".join(f"{written.subject} {written.text}".split())
    for fact in {" ".join(leaf.split()) for leaf in leaves(values)}:
        assert (fact in text) == (fact in said), f"{fact!r} is in one of them only"
    assert links <= set(re.findall(r"https?://[^\s,;)]+", written.text))
    for part in (written.text, shown.text):
        assert part.rstrip().endswith(("saling belajar", "learning from each other"))


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_a_mail_program_reads_what_was_written(template: str, language: Language) -> None:
    written = mail(template, language)
    assert written.subject
    assert len(written.subject) < 110, "a phone shows the half of it"
    read = parsed(
        compose(
            sender="Sejawat <sejawat@localhost>",
            recipient="peserta@contoh.id",
            language=language,
            message_id="<0192@sejawat.contoh.id>",
            date=datetime(2027, 1, 1, tzinfo=UTC),
            subject=written.subject,
            text=written.text,
            html=str(written.html),
        ).content
    )
    assert read["Subject"] == written.subject
    assert read["Content-Language"] == language
    assert read["Auto-Submitted"] == "auto-generated"
    assert body(read).split() == written.text.split()
    assert body(read, "html").split() == str(written.html).split()


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_who_can_stop_a_message_is_told_how(template: str, language: Language) -> None:
    optional = {rule.template for rule in ALL if rule.work_class in {"reminder", "bulk", "digest"}}
    link = f"{BASE_URL}/notifications/preferences/"
    for part in (mail(template, language).text, str(mail(template, language).html)):
        assert (link in part) is (template in optional)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", ["registration_submitted", "registration_waitlisted"])
def test_who_was_registered_by_somebody_else_is_told_by_whom(
    template: str, language: Language
) -> None:
    wording = contents.base(template)
    values = contents.sample(template, language)
    thanks = {"id": "sudah mendaftar", "en": "for registering"}[language]
    assert thanks in (wording.render("email", language, values).html or "")
    told = wording.render("email", language, values | {"registered_by": "PIC Contoh, Bintan"})
    for written in (told.text, told.html or ""):
        assert "PIC Contoh, Bintan" in written
        assert thanks not in written
        assert "None" not in written


def test_papers_are_behind_the_persons_own_link() -> None:
    """A certificate or a letter names a person: no attachment that is passed on with the mail."""
    for language in LANGUAGES:
        own_link = contents.sample("certificate_issued", language)["own_link"]
        links = Shown(str(mail("certificate_issued", language).html)).values("href")
        assert links.count(own_link) == 2
