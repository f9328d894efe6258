"""Reporting's tables: its own copies from events, what libraries report, sums, and report jobs."""

from services.reporting.models.activities import Activity, ActivityChange, Delta, Measures
from services.reporting.models.base import Base
from services.reporting.models.evidence import Evidence
from services.reporting.models.imports import (
    LibraryMatch,
    RegionMove,
    SimImport,
    SimPlace,
    SimRow,
)
from services.reporting.models.jobs import Reader, ReportJob, ReportSchedule, ScheduleSlot
from services.reporting.models.libraries import Library, SilentNotice
from services.reporting.models.meetings import Attendance, Certificate, Erased, Meeting, Participant
from services.reporting.models.rollups import (
    CategoryRollup,
    LibraryRollup,
    PeriodLock,
    ProvinceRollup,
    Recount,
    RegencyRollup,
    Sums,
)
from services.reporting.models.targets import Target

__all__ = [
    "Activity",
    "ActivityChange",
    "Attendance",
    "Base",
    "CategoryRollup",
    "Certificate",
    "Delta",
    "Erased",
    "Evidence",
    "Library",
    "LibraryMatch",
    "LibraryRollup",
    "Measures",
    "Meeting",
    "Participant",
    "PeriodLock",
    "ProvinceRollup",
    "Reader",
    "Recount",
    "RegencyRollup",
    "RegionMove",
    "ReportJob",
    "ReportSchedule",
    "ScheduleSlot",
    "SilentNotice",
    "SimImport",
    "SimPlace",
    "SimRow",
    "Sums",
    "Target",
]
