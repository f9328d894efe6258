"""What reports may be ordered: each kind with its parameters and the forms it comes in."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import InitErrorDetails

Language = Literal["id", "en"]
Slug = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\w.~-]+$")]
Place = Annotated[str, StringConstraints(pattern=r"^([0-9]{2}(\.[0-9]{2})?)?$")]
Period = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}(-(0[1-9]|1[0-2])|-Q[1-4])?$")]
StreamName = Literal[
    "pelibatan", "advokasi", "publikasi", "pengunjung", "peningkatan", "replikasi", "cerita"
]


class _Params(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Language = "id"


class AttendanceParams(_Params):
    """Which meeting's list, and in which language it is written."""

    meeting: Slug


class PeriodParams(_Params):
    """Of which region ("" is the country) and period: `2026-03`, `2026-Q1` or `2026`."""

    region: Place = ""
    period: Period


class RecapParams(PeriodParams):
    """All libraries of a kab/kota in one line each, or one library month by month."""

    library: UUID | None = None


class ExtractParams(PeriodParams):
    """All reports of one stream."""

    stream: StreamName


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AttendanceOrder(_Order):
    """Who comes to a meeting, to sign."""

    kind: Literal["attendance_list"]
    format: Literal["pdf", "xlsx", "csv"]
    params: AttendanceParams


class ProceedingsOrder(_Order):
    """What became of a meeting: who was there on which day."""

    kind: Literal["meeting_proceedings"]
    format: Literal["pdf"]
    params: AttendanceParams


class RecapOrder(_Order):
    """What libraries did in a period."""

    kind: Literal["library_recap"]
    format: Literal["pdf", "xlsx", "csv"]
    params: RecapParams


class PeriodicOrder(_Order):
    """A region's period as a report to read, with charts and a map."""

    kind: Literal["periodic"]
    format: Literal["pdf"]
    params: PeriodParams


class CompletenessOrder(_Order):
    """Which library reported which month."""

    kind: Literal["completeness"]
    format: Literal["pdf", "xlsx", "csv"]
    params: PeriodParams


class StoriesOrder(_Order):
    """Impact stories, to read or for other programs."""

    kind: Literal["impact_stories"]
    format: Literal["pdf", "csv"]
    params: PeriodParams


class ExtractOrder(_Order):
    """Every report of a stream with all its fields."""

    kind: Literal["extract"]
    format: Literal["csv", "xlsx", "geojson"]
    params: ExtractParams


def _plain_places(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Say which field is wrong as whoever filled it in knows it: without the name of the kind."""
    try:
        return validate(value)
    except ValidationError as error:
        lines = [
            InitErrorDetails(
                type=line["type"],
                loc=line["loc"][1:] or ("kind",),
                input=line["input"],
                ctx=line.get("ctx", {}),
            )
            for line in error.errors()
        ]
        raise ValidationError.from_exception_data(error.title, lines) from None


ReportOrder = Annotated[
    AttendanceOrder
    | ProceedingsOrder
    | RecapOrder
    | PeriodicOrder
    | CompletenessOrder
    | StoriesOrder
    | ExtractOrder,
    Discriminator("kind"),
    WrapValidator(_plain_places),
]
ORDERS: TypeAdapter[ReportOrder] = TypeAdapter(ReportOrder)
