"""Health of the ways out and of the queues, over JSON. It holds no personal data."""

from fastapi import APIRouter

from services.notifications import health, jobs
from services.notifications.console_schemas import Health, QueueHealth, WayOutHealth
from services.notifications.resources import Transaction
from services.notifications.rules import CLASSES
from shared.security import National, Staff

router = APIRouter(prefix="/api/v1/providers", tags=["providers"])


@router.get("")
def show_health(_caller: Staff, session: Transaction) -> Health:
    """Each way out with its breaker, and each class of work with what waits in it."""
    return Health(
        ways=[WayOutHealth.model_validate(way) for way in health.ways_out(session)],
        queues=[QueueHealth.model_validate(queue) for queue in health.queues(session)],
    )


@router.post("/{name}/try", status_code=204)
def try_now(name: str, caller: National, session: Transaction) -> None:
    """Use a way out again before its pause is over."""
    health.try_now(session, caller, name)
    jobs.ring(session, CLASSES)
