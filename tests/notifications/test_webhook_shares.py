"""Nobody takes more of the webhooks' threads than a share: no region, and no slow receiver."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from notifications.hooks import NATIONAL, PROVINCE, add, deliveries, endpoint, forget_all
from notifications.mailroom import rows
from uuid_utils.compat import uuid7

from services.notifications import webhook_sending, webhooks
from services.notifications.resources import database
from services.notifications.webhook_sending import EACH_REGION, SLOW_S, WIDTH, Outcome
from shared.problems import TooMany

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture(autouse=True)
def _no_endpoints(empty: None) -> Iterator[None]:  # noqa: ARG001
    forget_all()
    yield
    forget_all()


def waiting(endpoint_id: UUID, times: int) -> None:
    for _ in range(times):
        rows(
            "INSERT INTO webhook_delivery (id, endpoint_id, event_id, type, about, payload) "
            "VALUES (uuidv7(), :endpoint, :event, 'webhook.test', '', '{}')",
            endpoint=endpoint_id,
            event=uuid7(),
        )


def test_a_region_with_many_endpoints_has_a_quarter_of_the_threads() -> None:
    for _ in range(10):
        waiting(add(caller=PROVINCE)[0], 3)
    other, _ = add(caller=NATIONAL)
    waiting(other, 3)
    taken = webhook_sending.claim(WIDTH, set())
    assert len([one for one in taken if one.endpoint_id != other]) == EACH_REGION
    assert len([one for one in taken if one.endpoint_id == other]) == webhook_sending.EACH
    assert webhook_sending.claim(WIDTH, set()) == []  # also beside what is under way


def test_who_was_slow_is_asked_last_and_once_at_a_time_until_it_is_quick() -> None:
    slow, _ = add()
    waiting(slow, 4)
    [first, _second] = webhook_sending.claim(WIDTH, set())
    webhook_sending.record(first, Outcome(200, "", int(SLOW_S * 1000) + 1))
    rows("UPDATE webhook_delivery SET lease_until = NULL")
    assert endpoint(slow).slow
    quick, _ = add()
    waiting(quick, 1)
    assert [one.endpoint_id for one in webhook_sending.claim(1, set())] == [quick]
    [again] = webhook_sending.claim(WIDTH, set())
    webhook_sending.record(again, Outcome(200, "", 20))
    assert not endpoint(slow).slow
    assert len(webhook_sending.claim(WIDTH, set())) == 2


def test_by_hand_an_endpoint_is_sent_a_few_a_minute() -> None:
    hook, _ = add()
    for _ in range(webhooks.BY_HAND.times - 1):
        with database.sessions.begin() as session:
            webhooks.send_test(session, PROVINCE, hook)
    with database.sessions.begin() as session:
        webhooks.send_again(session, PROVINCE, hook, deliveries()[0].id)
    for by_hand in (
        lambda session: webhooks.send_test(session, PROVINCE, hook),
        lambda session: webhooks.send_again(session, PROVINCE, hook, deliveries()[0].id),
    ):
        with pytest.raises(TooMany), database.sessions.begin() as session:
            by_hand(session)
