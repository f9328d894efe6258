"""Templates over JSON, for the national library alone."""

from typing import Annotated

from fastapi import APIRouter, Path
from jinja2 import TemplateSyntaxError

from services.notifications import contents, template_checks, templates
from services.notifications.contents import FILES, LANGUAGES, Wording
from services.notifications.models import TemplateVersion
from services.notifications.pages.common import pages
from services.notifications.resources import Transaction
from services.notifications.template_schemas import (
    DraftBegin,
    DraftParts,
    ProblemDetail,
    Seen,
    TemplateDetail,
    TemplateList,
    TemplateSummary,
    VersionDetail,
    VersionSummary,
    WhatsAppText,
)
from services.notifications.template_words import REFUSALS
from services.notifications.templates import DraftExists, NotReady, Overtaken
from shared.problems import Problem, Refusals
from shared.security import National

router = APIRouter(prefix="/api/v1/templates", tags=["templates"])
VersionNumber = Annotated[int, Path(ge=0, le=1_000_000)]


REFUSED: Refusals = {
    Overtaken: lambda error: Problem(
        409, "overtaken", _said("changed", who=error.who or "–", at=str(error.at or "–"))
    ),
    DraftExists: lambda _: Problem(409, "draft-exists", _said("draft-exists")),
    NotReady: lambda error: Problem(
        422,
        "not-ready",
        _said("not-ready"),
        problems=[one.model_dump() for one in problems(error.problems)],
    ),
}


@router.get("")
def list_templates(_caller: National, session: Transaction) -> TemplateList:
    """All of them, by name."""
    published = templates.of_state(session, "published")
    drafts = templates.of_state(session, "draft")
    return TemplateList(
        items=[
            TemplateSummary(
                name=name, version=_number(published, name) or 0, draft=_number(drafts, name)
            )
            for name in contents.names()
        ]
    )


@router.get("/{template}")
def show_template(template: str, _caller: National, session: Transaction) -> TemplateDetail:
    """One with its history."""
    variables = sorted(contents.sample(template, "id"))
    history = templates.history(session, template)
    states = {version.state: version.number for version in history}
    return TemplateDetail(
        name=template,
        version=states.get("published", 0),
        draft=states.get("draft"),
        variables=variables,
        history=[VersionSummary.model_validate(version) for version in history],
    )


@router.get("/{template}/versions/{number}")
def show_version(
    template: str, number: VersionNumber, _caller: National, session: Transaction
) -> VersionDetail:
    """One version; 0 is what stands in the repository."""
    wording, version = templates.find(session, template, number)
    return _detail(template, wording, version)


@router.post("/{template}/draft", status_code=201)
def begin_draft(
    template: str, caller: National, session: Transaction, begins: DraftBegin
) -> VersionDetail:
    """A draft that says what a version says; 409 when there is one."""
    version = templates.begin(session, caller, template, begins.version)
    return _detail(template, Wording(version.parts, version.number), version)


@router.patch("/{template}/draft")
def change_draft(
    template: str, caller: National, session: Transaction, change: DraftParts
) -> VersionDetail:
    """Change parts of the draft; 409 when somebody else changed it meanwhile."""
    parts = {name: source for name, source in change.parts.items() if name in FILES}
    version = templates.save(session, template, caller, parts, change.changed_at)
    return _detail(template, Wording(version.parts, version.number), version)


@router.post("/{template}/draft/publish")
def publish_draft(
    template: str, caller: National, session: Transaction, seen: Seen
) -> VersionSummary:
    """From now on, messages say this; 422 with all problems when it is not fit for that."""
    version = templates.publish(session, template, caller, seen.changed_at)
    return VersionSummary.model_validate(version)


def _said(code: str, **details: str) -> str:
    text = pages.bilingual(REFUSALS[code])
    for name, value in details.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _number(versions: dict[str, TemplateVersion], name: str) -> int | None:
    return versions[name].number if name in versions else None


def _detail(template: str, wording: Wording, version: TemplateVersion | None) -> VersionDetail:
    return VersionDetail(
        number=wording.version or 0,
        changed_at=version and version.changed_at,
        parts=dict(wording.parts),
        problems=problems(template_checks.check(template, wording.parts)),
        whatsapp=_whatsapp(template, wording),
    )


def problems(found: list[template_checks.Problem]) -> list[ProblemDetail]:
    """Problems for a program, in both languages."""
    return [
        ProblemDetail(
            part=one.part,
            line=one.line,
            code=one.code,
            message=one.said(pages.bilingual),
            warning=one.is_warning,
        )
        for one in found
    ]


def _whatsapp(template: str, wording: Wording) -> list[WhatsAppText]:
    found = []
    for language in LANGUAGES:
        try:
            body = template_checks.numbered(wording.slots(language))
        except TemplateSyntaxError:
            continue  # it is among the problems
        found.append(WhatsAppText(name=template, language=language, body=body))
    return found
