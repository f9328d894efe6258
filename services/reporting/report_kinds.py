"""Every kind of report in one table: who may order it, what it takes, and how it is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import Connection

from services.reporting import report_schemas as schemas
from services.reporting.attendance import AttendanceList
from services.reporting.completeness_lists import CompletenessList
from services.reporting.extracts import Extract
from services.reporting.impact_stories import ImpactStories
from services.reporting.libraries import LibraryNotFound
from services.reporting.meetings import MeetingNotFound
from services.reporting.periodics import Periodic
from services.reporting.proceedings import Proceedings
from services.reporting.recaps import LibraryRecap
from services.reporting.report_contents import Content
from services.reporting.targets import RegionNotFound
from shared.security import STAFF, Caller, Role

OUT_OF_SCOPE = (MeetingNotFound, RegionNotFound, LibraryNotFound)


@dataclass(frozen=True, slots=True)
class Kind:
    """`order` says its parameters and formats; `open` what it holds within a scope.

    How far it goes on after a death, `pieces` decides: a kind that uses them resumes.
    """

    order: type[Any]
    open: Callable[[Connection, Any, Caller], Content]
    roles: tuple[Role, ...] = STAFF

    @property
    def name(self) -> str:
        """As in orders."""
        return str(get_args(self.order.model_fields["kind"].annotation)[0])

    @property
    def formats(self) -> tuple[str, ...]:
        """What it can be made as."""
        return get_args(self.order.model_fields["format"].annotation)

    @property
    def params(self) -> type[Any]:
        """The model of its parameters."""
        params: type[Any] = self.order.model_fields["params"].annotation
        return params

    @property
    def of_period(self) -> bool:
        """It is of a region and period, so it can be ordered on a schedule; else of a meeting."""
        return issubclass(self.params, schemas.PeriodParams)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(schemas.AttendanceOrder, AttendanceList.open),
        Kind(schemas.ProceedingsOrder, Proceedings),
        Kind(schemas.RecapOrder, LibraryRecap),
        Kind(schemas.PeriodicOrder, Periodic),
        Kind(schemas.CompletenessOrder, CompletenessList),
        Kind(schemas.StoriesOrder, ImpactStories),
        Kind(schemas.ExtractOrder, Extract),
    )
}
