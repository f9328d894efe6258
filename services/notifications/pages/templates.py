"""The editor of templates, for the national library alone."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from services.notifications import (
    contents,
    jobs,
    segments,
    template_checks,
    template_words,
    templates,
    words,
)
from services.notifications.contents import PARTS, Wording, file_name
from services.notifications.pages.common import Sent, Typed, pages
from services.notifications.pages.messages import MAIL_HEADERS
from services.notifications.resources import Transaction, bus, forms
from services.notifications.schemas import Beginning
from services.notifications.template_schemas import PartsForm
from services.notifications.templates import DraftNotFound, NoAddress, NotReady, Overtaken
from shared.security import BadLink, National
from shared.web import Form, formats
from shared.web.errors import explain
from shared.web.formats import Language
from shared.web.languages import choose_language

HOME = "/notifications/templates"
REFUSED = (Overtaken, DraftNotFound, NotReady, NoAddress)

router = APIRouter(prefix="/templates", include_in_schema=False)

VersionNumber = Annotated[int, Path(ge=0, le=1_000_000)]


class Shown(BaseModel):
    """What is shown of a version, and what was just done."""

    language: Language = "id"
    done: str = ""


@router.get("")
def list_templates(
    request: Request, _caller: National, session: Transaction, q: Beginning = ""
) -> Response:
    """All templates, with search by name."""
    say = pages.gettext(request)
    rows = [(name, say(title(name))) for name in contents.names()]
    wanted = q.strip().lower()
    return pages.render(
        request,
        "templates.html",
        q=q,
        templates=[row for row in rows if wanted in row[1].lower() or wanted in row[0]],
        published=templates.of_state(session, "published"),
        drafts=templates.of_state(session, "draft"),
        words=template_words,
    )


@router.get("/{template}")
def show_template(
    request: Request, template: str, _caller: National, session: Transaction
) -> Response:
    """What is in use, the draft, and the history."""
    contents.base(template)
    return _overview(request, session, template)


@router.post("/{template}/draft")
def begin_draft(template: str, caller: National, session: Transaction, data: Sent) -> Response:
    """Start a draft from a version; when there is one already, go there."""
    try:
        version = templates.begin(session, caller, template, _number(data.get("version")))
    except templates.DraftExists:
        version = templates.draft(session, template)
    return RedirectResponse(f"{HOME}/{template}/versions/{version.number}", 303)


@router.post("/{template}/draft/publish")
def publish(
    request: Request, template: str, caller: National, session: Transaction, data: Sent
) -> Response:
    """From now on, messages say this."""
    try:
        templates.publish(session, template, caller, _moment(data.get("changed_at")))
    except REFUSED as error:
        return _overview(request, session, template, error)
    return RedirectResponse(f"{HOME}/{template}?done=published", 303)


@router.post("/{template}/draft/discard")
def discard(
    request: Request, template: str, caller: National, session: Transaction, data: Sent
) -> Response:
    """Put the draft aside."""
    try:
        templates.discard(session, template, caller, _moment(data.get("changed_at")))
    except REFUSED as error:
        return _overview(request, session, template, error)
    return RedirectResponse(f"{HOME}/{template}?done=discarded", 303)


@router.get("/{template}/draft/{language}")
def show_draft(
    request: Request, template: str, language: Language, _caller: National, session: Transaction
) -> Response:
    """All parts of one language, to edit."""
    version = templates.draft(session, template)
    typed = {part: version.parts.get(file_name(part, language), "") for part in PARTS}
    form = Form(typed | {"changed_at": version.changed_at.isoformat()})
    return _editor(request, session, template, language, form)


@router.post("/{template}/draft/{language}")
def save_draft(  # noqa: PLR0913, PLR0917 - a page's parts
    request: Request,
    template: str,
    language: Language,
    caller: National,
    session: Transaction,
    data: Typed,
) -> Response:
    """Keep the parts of one language; published they are later."""
    typed = {name: str(data.get(name, "")) for name in (*PARTS, "changed_at")}
    say = pages.gettext(request)
    try:
        forms.form_id(str(data.get("form_token", "")))
        parsed = PartsForm.model_validate(typed).model_dump()
        parts = {file_name(part, language): parsed[part] for part in PARTS}
        version = templates.save(session, template, caller, parts, _moment(typed["changed_at"]))
    except ValidationError as error:
        errors = {str(one["loc"][0]): explain(dict(one), say) for one in error.errors()}
        return _editor(request, session, template, language, Form(typed, errors), 422)
    except BadLink:
        errors = {"": say(template_words.REFUSALS["form-expired"])}
        return _editor(request, session, template, language, Form(typed, errors), 422)
    except Overtaken as error:
        # What was typed stays; sent once more, it is meant to go over what the other one wrote.
        typed["changed_at"] = error.at.isoformat() if error.at else ""
        errors = {"": _refusal(error, request, "overtaken")}
        return _editor(request, session, template, language, Form(typed, errors), 409)
    query = f"language={language}&done=saved"
    return RedirectResponse(f"{HOME}/{template}/versions/{version.number}?{query}", 303)


@router.get("/{template}/versions/{number}")
def show_version(
    request: Request,
    template: str,
    number: VersionNumber,
    _caller: National,
    session: Transaction,
    shown: Annotated[Shown, Query()],
) -> Response:
    """One version with made-up values, what is wrong with it, and what it changes."""
    return _version(request, session, template, number, shown)


@router.get("/{template}/versions/{number}/html")
def show_html(
    template: str,
    number: VersionNumber,
    _caller: National,
    session: Transaction,
    shown: Annotated[Shown, Query()],
) -> Response:
    """The mail as its reader would see it, for the frame on the version's page."""
    wording, _found = templates.find(session, template, number)
    if template_checks.errors(template_checks.check(template, wording.parts)):
        raise contents.TemplateNotFound(template, number)
    values = contents.sample(template, shown.language)
    mail = wording.render("email", shown.language, values)
    return HTMLResponse(mail.html, headers=MAIL_HEADERS)


@router.post("/{template}/versions/{number}/restore")
def restore(  # noqa: PLR0913, PLR0917 - a page's parts
    request: Request,
    template: str,
    number: VersionNumber,
    caller: National,
    session: Transaction,
    data: Sent,
) -> Response:
    """Have messages say again what they said before."""
    try:
        templates.restore(session, template, caller, number, _number(data.get("in_use")))
    except REFUSED as error:
        return _overview(request, session, template, error)
    return RedirectResponse(f"{HOME}/{template}?done=restored", 303)


@router.post("/{template}/versions/{number}/test")
def send_test(  # noqa: PLR0913, PLR0917 - a page's parts
    request: Request,
    template: str,
    number: VersionNumber,
    caller: National,
    session: Transaction,
    data: Sent,
) -> Response:
    """Send it to oneself."""
    language: Language = "en" if data.get("language") == "en" else "id"
    channel: Literal["email", "sms"] = "sms" if data.get("channel") == "sms" else "email"
    try:
        templates.send_test(
            session,
            caller,
            template,
            number,
            language=language,
            channel=channel,
            form_id=forms.form_id(str(data.get("form_token"))),
        )
    except REFUSED as error:
        return _version(request, session, template, number, Shown(language=language), error)
    bus.wake(session, jobs.SENDS[templates.TEMPLATE_TEST.work_class])
    query = f"language={language}&done=tested"
    return RedirectResponse(f"{HOME}/{template}/versions/{number}?{query}", 303)


def title(template: str) -> str:
    """What a template is called: as the rule that uses it, where there is one."""
    return words.RULES.get(template.replace("_", "-"), template)


def _overview(
    request: Request, session: Session, template: str, error: Exception | None = None
) -> Response:
    history = templates.history(session, template)
    by_state = {version.state: version for version in history}
    return _page(
        request,
        "template.html",
        template,
        error=error,
        history=history,
        draft=by_state.get("draft"),
        published=by_state.get("published"),
        done=template_words.DONE.get(request.query_params.get("done", "")),
    )


def _editor(  # noqa: PLR0913, PLR0917 - what the page shows
    request: Request,
    session: Session,
    template: str,
    language: Language,
    form: Form,
    status: int = 200,
) -> Response:
    return _page(
        request,
        "template_edit.html",
        template,
        status=status,
        form=form,
        draft=templates.draft(session, template),
        language=language,
        variables=sorted(contents.sample(template, language)),
        rows={"subject": 2, "text": 16, "html": 24, "sms": 4, "whatsapp": 10},
    )


def _version(  # noqa: PLR0913, PLR0917 - what the page shows
    request: Request,
    session: Session,
    template: str,
    number: int,
    shown: Shown,
    error: Exception | None = None,
) -> Response:
    wording, version = templates.find(session, template, number)
    in_use = contents.in_use(session, template)
    problems = template_checks.check(template, wording.parts)
    is_ready = not template_checks.errors(problems)
    # A draft differs from what is in use, an old version from what came out of the box.
    other = in_use if version and version.state == "draft" else contents.base(template)
    return _page(
        request,
        "template_version.html",
        template,
        error=error,
        number=number,
        version=version,
        state=version.state if version else "base",
        in_use=in_use.version or templates.REPOSITORY,
        problems=[
            (one.part, one.line, one.said(pages.gettext(request)), one.is_warning)
            for one in problems
        ],
        is_ready=is_ready,
        shown=shown,
        preview=_preview(template, wording, shown.language) if is_ready else None,
        compared=other.version or templates.REPOSITORY,
        changes=templates.changes(other, wording),
        done=template_words.DONE.get(shown.done),
    )


def _preview(template: str, wording: Wording, language: Language) -> dict[str, Any]:
    values = contents.sample(template, language)
    mail, sms, whatsapp = (
        wording.render(channel, language, values) for channel in ("email", "sms", "whatsapp")
    )
    return {
        "mail": mail,
        "sms": sms,
        "counted": segments.count(sms.text),
        "whatsapp": whatsapp,
        "to_register": template_checks.numbered(wording.slots(language)),
    }


def _page(
    request: Request,
    name: str,
    template: str,
    *,
    error: Exception | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    errors = {"": _refusal(error, request, "changed")} if error else {}
    shown = {
        "folder": template,
        "title": pages.gettext(request)(title(template)),
        "form": Form({}, errors),
        "token": forms.new_form(),
        "words": template_words,
    }
    return pages.render(request, name, 409 if error else status, **(shown | context))


def _refusal(error: Exception, request: Request, overtaken: str) -> str:
    say = pages.gettext(request)
    match error:
        case Overtaken():
            at = formats.moment(error.at, lang=choose_language(request)) if error.at else "–"
            text = say(template_words.REFUSALS[overtaken])
            return text.replace("{who}", error.who or "–").replace("{at}", at)
        case DraftNotFound():
            return say(template_words.REFUSALS["no-draft"])
        case NoAddress():
            return say(template_words.REFUSALS["no-address"])
        case _:
            return say(template_words.REFUSALS["not-ready"])


def _number(typed: object) -> int:
    """A version's number from a form of ours; any other is that of no version."""
    text = str(typed or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 10**6


def _moment(typed: object) -> datetime:
    """When a draft was changed, from a form of ours; any other is no time at which one was."""
    try:
        found = datetime.fromisoformat(str(typed or ""))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
