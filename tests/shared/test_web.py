"""Pages of three services are one site: languages, formats, forms, static files."""

import datetime as dt
import gzip
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from shared.web import Form, Pages, assets, chosen_region, formats, static_app, untranslated
from shared.web import languages as lang

STATIC = assets.FOLDER
MACROS = "{% import 'macros.html' as m %}"
TUESDAY = dt.date(2022, 8, 9)
EIGHT_WIB = dt.datetime(2022, 8, 9, 1, 0, tzinfo=dt.UTC)


class Site:
    """A service of one page, asked through HTTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.caller: Any = None
        (folder / "templates").mkdir()

    def get(
        self, source: str, path: str = "/", headers: dict[str, str] | None = None, **context: Any
    ) -> httpx.Response:
        (self.folder / "templates" / "page.html").write_text(source)
        pages = Pages(self.folder / "templates")

        def page(request: Request) -> Response:
            if self.caller is not None:
                request.state.caller = self.caller
            return pages.render(request, "page.html", **context)

        return ask(Starlette(routes=[Route("/", page)]), path, headers or {})


def ask(app: ASGIApp, path: str, headers: dict[str, str]) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path, headers=headers)

    return anyio.run(answer)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def get_static(path: str) -> httpx.Response:
    return ask(Starlette(routes=[Mount("/static", static_app())]), path, {})


# Languages


@pytest.mark.parametrize(
    ("path", "headers", "language"),
    [
        ("/?lang=id", {"cookie": "lang=en", "accept-language": "en"}, "id"),
        ("/", {"cookie": "lang=en", "accept-language": "id"}, "en"),
        ("/", {"accept-language": "en-GB,en;q=0.9,id;q=0.8"}, "en"),
        ("/", {"accept-language": "nl;q=1, en;q=0.4, in-ID;q=0.5"}, "id"),
        ("/", {"accept-language": "en;q=nonsense"}, "id"),
        ("/", {"accept-language": "nl"}, "id"),
        ("/?lang=nl", {"cookie": "lang=xx"}, "id"),
        ("/", {}, "id"),
    ],
)
def test_the_address_beats_the_cookie_beats_the_browser(
    site: Site, path: str, headers: dict[str, str], language: str
) -> None:
    answer = site.get("{{ lang }} {{ _('Masuk') }}", path, headers)
    assert answer.text == {"id": "id Masuk", "en": "en Sign in"}[language]
    assert answer.headers["content-language"] == language


def test_the_language_of_the_address_is_remembered_for_a_year(site: Site) -> None:
    cookie = site.get("", "/?lang=en").headers["set-cookie"]
    assert cookie == "lang=en; Max-Age=31536000; Path=/; SameSite=lax"
    assert "set-cookie" not in site.get("", "/").headers


def test_the_language_switch_keeps_what_was_asked(site: Site) -> None:
    html = site.get('{% extends "base.html" %}', "/?q=a%26b&lang=en").text
    assert '<html lang="en">' in html
    assert 'href="?q=a%26b&amp;lang=id"' in html


def test_a_service_adds_its_own_catalogue_and_may_correct_the_shared_one(site: Site) -> None:
    (site.folder / "locale").mkdir()
    (site.folder / "locale" / "en.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
        'msgid "Kuota"\nmsgstr "Quota"\n\nmsgid "Masuk"\nmsgstr "Log in"\n'
    )
    source = "{{ _('Kuota') }} {{ _('Masuk') }} {{ _('Keluar') }}"
    assert site.get(source, "/?lang=en").text == "Quota Log in Sign out"


def test_every_shared_text_has_its_english() -> None:
    assert untranslated([lang.LOCALE.parents[1]]) == set()


def test_untranslated_finds_texts_in_templates_and_python(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "locale").mkdir()
    (tmp_path / "templates" / "a.html").write_text(
        "{{ _('Satu') }}{{ _('Masuk') }}{% trans n=2 %}Dua{% pluralize %}{{ n }} dua{% endtrans %}"
    )
    (tmp_path / "a.py").write_text("_('Tiga'); _('Empat'); _('Lima %(n)s')")
    (tmp_path / "locale" / "en.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
        'msgid "Tiga"\nmsgstr "Three"\n\n'
        '#, fuzzy\nmsgid "Empat"\nmsgstr "Four"\n\n'
        '#, python-format\nmsgid "Lima %(n)s"\nmsgstr "Five %(m)s"\n'
    )
    assert untranslated([tmp_path]) == {"Satu", "Dua", "Empat", "Lima %(n)s"}


# Dates and figures


@pytest.mark.parametrize(
    ("template", "indonesian", "english"),
    [
        ("day|date", "Selasa, 9 Agustus 2022", "Tuesday, 9 August 2022"),
        ("utc|time", "08.00 WIB", "08:00 WIB"),
        ("utc|time('Asia/Makassar')", "09.00 WITA", "09:00 WITA"),
        ("utc|time('WIT')", "10.00 WIT", "10:00 WIT"),
        ("utc|moment", "Selasa, 9 Agustus 2022, 08.00 WIB", "Tuesday, 9 August 2022, 08:00 WIB"),
        ("1234.5|number", "1.234,5", "1,234.5"),
        ("0|number", "0", "0"),
        ("2.5|number(2)", "2,50", "2.50"),
        ("1000000|rupiah", "Rp1.000.000", "Rp1,000,000"),
        ("(-1500)|rupiah", "-Rp1.500", "-Rp1,500"),
    ],
)
def test_dates_and_figures_read_as_people_write_them(
    site: Site, template: str, indonesian: str, english: str
) -> None:
    for language, expected in (("id", indonesian), ("en", english)):
        source = "{{ " + template + " }}"
        assert site.get(source, f"/?lang={language}", day=TUESDAY, utc=EIGHT_WIB).text == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2022-08-09", "2022-08-09", "Selasa, 9 Agustus 2022"),
        ("2022-08-09", "2022-08-10", "Selasa–Rabu, 9–10 Agustus 2022"),
        ("2022-08-09", "2022-08-16", "9–16 Agustus 2022"),
        ("2022-08-31", "2022-09-01", "Rabu, 31 Agustus – Kamis, 1 September 2022"),
        ("2022-08-31", "2022-10-01", "31 Agustus – 1 Oktober 2022"),
        ("2022-12-31", "2023-01-01", "Sabtu, 31 Desember 2022 – Minggu, 1 Januari 2023"),
    ],
)
def test_a_range_of_days_says_nothing_twice(first: str, last: str, expected: str) -> None:
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    assert formats.date_range(*days) == expected


def test_a_moment_falls_on_the_day_of_the_venue() -> None:
    late = dt.datetime(2022, 8, 9, 16, 30, tzinfo=dt.UTC)  # past midnight in Makassar and Jayapura
    assert formats.moment(late, "WIB") == "Selasa, 9 Agustus 2022, 23.30 WIB"
    assert formats.moment(late, "Asia/Jayapura") == "Rabu, 10 Agustus 2022, 01.30 WIT"
    assert formats.date_range(EIGHT_WIB, late, "WITA") == "Selasa–Rabu, 9–10 Agustus 2022"
    with pytest.raises(ValueError, match="Europe/Paris"):
        formats.time(late, "Europe/Paris")


def test_a_time_of_day_names_its_zone_only_when_told() -> None:
    assert formats.time(dt.time(8)) == "08.00"
    assert formats.time(dt.time(8), "Asia/Pontianak") == "08.00 WIB"


# Forms


def test_what_was_typed_comes_back_as_text(site: Site) -> None:
    form = Form({"name": '"><script>alert(1)</script>', "story": "</textarea><script>"})
    source = MACROS + "{{ m.field(form, 'name', 'Nama') }}"
    source += "{{ m.field(form, 'story', 'Cerita', type='textarea') }}"
    html = site.get(source, form=form).text
    assert "<script>" not in html
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in html


def test_label_hint_error_and_field_stand_in_this_order(site: Site) -> None:
    form = Form({"phone": "0812"}, {"phone": "Kurang panjang."})
    html = site.get(MACROS + "{{ m.field(form, 'phone', 'Nomor HP', 'Angka.') }}", form=form).text
    order = [html.index(part) for part in ("<label", "Angka.", "Kurang panjang.", "<input")]
    assert order == sorted(order)
    assert 'aria-describedby="phone-hint phone-error"' in html
    assert 'aria-invalid="true"' in html


def test_each_line_of_the_error_summary_leads_to_its_field(site: Site) -> None:
    names = ("name", "kind", "village", "field", "consent")
    form = Form({}, {"": "Tempat sudah penuh.", **{name: f"Isi {name}." for name in names}})
    source = (
        MACROS
        + """{{ m.error_summary(form) }}{{ m.field(form, "name", "a") }}
        {{ m.radio_cards(form, "kind", "b", [("x", "X", ""), ("y", "Y", "")]) }}
        {{ m.region_field(form, "village", "c", []) }}{{ m.select(form, "field", "d", []) }}
        {{ m.checkbox(form, "consent", "e") }}"""
    )
    html = site.get(source, form=form).text
    links = re.findall(r'<a href="#([^"]+)">', html)
    assert links == list(names)
    assert all(html.count(f'id="{name}"') == 1 for name in names)
    assert "<li>Tempat sudah penuh.</li>" in html
    assert "Ada 6 isian yang perlu diperbaiki" in html


def test_no_summary_without_an_error(site: Site) -> None:
    assert site.get(MACROS + "{{ m.error_summary(form) }}", form=Form()).text.strip() == ""


@pytest.mark.parametrize(
    ("sent", "chosen"),
    [
        (["21", "21.72", "21.72.01", "21.72.01.1001"], "21.72.01.1001"),
        (["21", "21.72", "", ""], "21.72"),
        (["14", "21.72", "21.72.01"], "14"),
        (["21.72.01.1001"], "21.72.01.1001"),
        (["21", "21.7"], "21.7"),
        (["", ""], ""),
        ([], ""),
    ],
)
def test_the_deepest_region_that_fits_counts(sent: list[str], chosen: str) -> None:
    assert chosen_region(sent) == chosen


def test_a_job_shows_its_words_without_a_script(site: Site) -> None:
    job = SimpleNamespace(status="running", done=1240, total=9310, seconds_left=134, download=None)
    html = site.get(MACROS + "{{ m.progress(job, '/jobs/1') }}", job=job).text
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert text == (
        "Sedang dikerjakan kira-kira 3 menit lagi 1.240 dari 9.310 "
        "Lihat kemajuan terbaru Unduh berkas"
    )
    assert '<p class="file" hidden>' in html
    assert 'max="9310" value="1240"' in html


# The base page


def test_a_stranger_is_asked_to_sign_in_and_a_caller_can_sign_out(site: Site) -> None:
    page = '{% extends "base.html" %}'
    assert 'href="/registration/sign-in"' in site.get(page).text
    site.caller = SimpleNamespace(name="", role="public", region_code="", is_anonymous=True)
    assert 'href="/registration/sign-in"' in site.get(page).text
    site.caller = SimpleNamespace(
        name="Rahma <b>", role="province", region_code="21", is_anonymous=False
    )
    html = site.get(page, form_token="t0ken").text
    assert "Rahma &lt;b&gt;" in html
    assert 'action="/registration/sign-out"' in html
    assert 'name="form_token" value="t0ken"' in html


def test_a_page_runs_no_foreign_or_inline_script(site: Site) -> None:
    answer = site.get('{% extends "base.html" %}')
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_templates_carry_no_inline_script_or_style() -> None:
    templates = list((STATIC.parent / "templates").glob("*.html"))
    assert templates
    for template in templates:
        source = template.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*src=)", source), template


# Static files


def test_an_address_with_the_right_hash_may_be_kept_for_a_year() -> None:
    url = assets.static("site.css")
    assert re.fullmatch(r"/static/site\.css\?v=[0-9a-f]{8}", url)
    kept = get_static(url)
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-encoding"] == "gzip"
    for other in ("/static/site.css", "/static/site.css?v=00000000"):
        assert get_static(other).headers["cache-control"] == "no-cache"
    assert get_static("/static/none.css").status_code == 404


def test_the_style_names_its_picture_by_content() -> None:
    [(name, version)] = re.findall(r"url\(([^?)]+)\?v=(\w+)\)", (STATIC / "site.css").read_text())
    assert version == assets.version(name)


def test_pages_stay_light_on_a_village_line() -> None:
    css = (STATIC / "site.css").read_bytes()
    scripts = {path.name: path.stat().st_size for path in STATIC.glob("*.js")}
    assert len(css) < 20_000
    assert len(gzip.compress(css)) < 7_000
    assert sum(scripts.values()) < 33_000  # and no page asks for all of them
    assert max(scripts.values()) < 11_000


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_is_readable_on_every_ground(scheme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", (STATIC / "site.css").read_text(), re.DOTALL)[scheme]
    token = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", block))
    grounds = ("paper", "card", "sand")
    pairs = [(text, ground) for text in ("ink", "soft", "primary") for ground in grounds]
    pairs += [("on-primary", "primary"), ("on-primary", "deep"), ("card", "red")]
    pairs += [("deep", "tint"), ("soft", "tint"), ("ink", "tint"), ("red-ink", "paper")]
    pairs += [("primary", "tint")]
    for colour in ("amber", "green", "yellow", "red"):
        pairs += [(f"{colour}-ink", f"{colour}-tint"), ("ink", f"{colour}-tint")]
    assert [pair for pair in pairs if _contrast(*(token[name] for name in pair)) < 4.5] == []
    assert _contrast(token["edge"], token["card"]) >= 3  # the border of a field


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
