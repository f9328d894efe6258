"""What the organiser's pages share: reading forms, telling what is wrong, and what changed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from services.registration.agenda import OutsideMeeting, SessionInUse
from services.registration.hosting import Outdated
from services.registration.hosting_words import DONE, LABELS, REFUSED, STATES, WRONG
from services.registration.letters import NumberPatternTaken
from services.registration.models import AuditEntry, Meeting
from services.registration.pages.common import pages
from services.registration.question_editing import BadQuestion
from services.registration.quotas import QuotaBelowTaken
from services.registration.resources import forms
from services.registration.rounds import NameTaken, SourceNotFound
from services.registration.seats import NotPossible
from services.registration.words import REFUSALS
from shared import regions
from shared.security import BadLink
from shared.web import Form, formats, read_upload_form
from shared.web.errors import explain
from shared.web.languages import choose_language

Say = Callable[[str], str]
GROUPS = ("participant_type", "region", "per_type", "role_texts")  # fields with a field for each
REFUSALS_OF_FORMS = (
    *(ValidationError, BadLink, Outdated, NotPossible, QuotaBelowTaken, OutsideMeeting),
    *(SessionInUse, NumberPatternTaken, BadQuestion, NameTaken, SourceNotFound),
)
"""What makes a page show its form again, with all that was typed."""


async def _typed(request: Request) -> FormData:
    # A round names 38 provinces, a quota board as many kab/kota.
    return await read_upload_form(request, files=0)


Typed = Annotated[FormData, Depends(_typed)]


@dataclass(frozen=True)
class Refusal:
    """A form that comes back: what is wrong by field, and what somebody else changed meanwhile."""

    errors: dict[str, str]
    status: int = 422
    entries: list[AuditEntry] = field(default_factory=list)


def values_of(data: FormData) -> dict[str, str]:
    """What was typed, by field name; what was ticked several times, parted by spaces."""
    return {
        name: " ".join(str(value) for value in data.getlist(name) if isinstance(value, str))
        for name in data
    }


def version_of(values: Mapping[str, str]) -> int:
    """The version of the meeting for which a form was shown."""
    version = values.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 9 else 0


def fields(model: type[BaseModel], values: Mapping[str, str]) -> dict[str, Any]:
    """What a model is made of, from a form: `participant_type.impact` belongs to a group."""
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if name in GROUPS:
            group = {k.partition(".")[2]: v for k, v in values.items() if k.startswith(f"{name}.")}
            found[name] = group
        elif info.annotation is bool:
            found[name] = values.get(name) == "yes"
        else:
            found[name] = values.get(name, "")
    return found


def read(model: type[Any], values: Mapping[str, str], **more: Any) -> Any:
    """A form that was sent by our page. Raises `BadLink` or `ValidationError`."""
    forms.form_id(values.get("form_token", ""))
    return model.model_validate(fields(model, values) | more)


def refusal(  # noqa: PLR0911 - one a refusal
    error: Exception, meeting: Meeting | None, request: Request
) -> Refusal:
    """One of `REFUSALS_OF_FORMS` in the reader's words."""
    say = pages.gettext(request)
    match error:
        case ValidationError():
            return Refusal(explained(error, say))
        case BadQuestion():
            return Refusal({name: say(REFUSED[code]) for name, code in error.errors.items()})
        case Outdated():
            return Refusal({"": say(REFUSED["outdated"])}, 409, list(error.entries))
        case QuotaBelowTaken():
            text = say(REFUSED["below_taken"]).replace("{taken}", str(error.taken))
            names = {"meeting": "meeting", "institution": "per_institution"}
            return Refusal({names.get(error.kind, f"{error.kind}.{error.key}"): text}, 409)
        case OutsideMeeting() if meeting:
            return Refusal({"starts": _outside(meeting, request)})
        case NumberPatternTaken():
            text = say(REFUSED["pattern_taken"]).replace("{slug}", error.slug)
            return Refusal({"number_pattern": text})
        case BadLink():
            return Refusal({"": say(REFUSALS["form-expired"])})
        case _:
            name, code = _PLAIN[type(error)]
            return Refusal({name: say(REFUSED[code])}, 409)


_PLAIN: dict[type[Exception], tuple[str, str]] = {
    NotPossible: ("", "over"),
    SessionInUse: ("", "session_in_use"),
    NameTaken: ("name", "name_taken"),
    SourceNotFound: ("copy_from", "source"),
}


def explained(error: ValidationError, say: Say) -> dict[str, str]:
    """What is wrong, by field name, in the order of the form; the whole form's under ''."""
    told: dict[str, str] = {}
    for one in error.errors():
        at = [str(step) for step in one["loc"]]
        name = ".".join(at[:2]) if at and at[0] in GROUPS else (at or [""])[0]
        told.setdefault(name, _explained(dict(one), name, say))
    if "" in told:  # the only check of a whole model is that of a question's options
        told["options"] = told.pop("")
    return told


def _explained(one: dict[str, Any], name: str, say: Say) -> str:
    text = WRONG.get(f"{name} {one['type']}") or WRONG.get(one["type"])
    if text is None:
        return explain(one, say)
    limits = one.get("ctx") or {}
    text = say(text)
    for limit in ("ge", "le", "max_length"):
        text = text.replace(f"{{{limit}}}", str(limits.get(limit, "")))
    return text


def _outside(meeting: Meeting, request: Request) -> str:
    say, language = pages.gettext(request), choose_language(request)
    starts = formats.moment(meeting.starts_at, meeting.zone, lang=language)
    ends = formats.moment(meeting.ends_at, meeting.zone, lang=language)
    return say(REFUSED["outside"]).replace("{starts}", starts).replace("{ends}", ends)


def page(  # noqa: PLR0913 - what a page of a meeting shows
    request: Request,
    template: str,
    meeting: Meeting,
    form: Form,
    status: int = 200,
    *,
    entries: list[AuditEntry] | None = None,
    **context: Any,
) -> Response:
    """A page of one meeting, with a new form token, and what happened just now."""
    say = pages.gettext(request)
    step = request.query_params.get("done", "")
    if step == "saved" and meeting.status == "draft":
        step = "kept"  # participants see none of it yet
    done = DONE.get(step)
    return pages.render(
        request,
        template,
        status,
        meeting=meeting,
        province=regions.get(meeting.province_code),
        state=say(STATES[meeting.status]),
        form=form,
        token=forms.new_form(),
        done=[say(text) for text in done] if done and request.method == "GET" else None,
        changes=[_changed(entry, meeting, request) for entry in entries or []],
        **context,
    )


def _changed(entry: AuditEntry, meeting: Meeting, request: Request) -> dict[str, Any]:
    return {
        "who": entry.actor_name,
        "at": entry.at,
        "what": list(_differences(entry, meeting, request)),
    }


def _differences(
    entry: AuditEntry, meeting: Meeting, request: Request
) -> Iterator[tuple[str, str, str]]:
    say = pages.gettext(request)
    before, after = entry.before or {}, entry.after or {}
    for name in after:
        if name != "version":
            old, new = (_shown(each.get(name), meeting, request) for each in (before, after))
            yield say(LABELS[name]) if name in LABELS else name, old, new


def _shown(value: Any, meeting: Meeting, request: Request) -> str:
    """A value of the audit log for a person; moments on the venue's clock."""
    if isinstance(value, str) and len(value) > 18 and value[10:11] in {" ", "T"}:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return formats.moment(moment, meeting.zone, lang=choose_language(request))
    if isinstance(value, bool):
        return "✓" if value else "✕"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value in (None, "", {}) else str(value)
