"""Whose data it is hears what becomes of them, also when nothing else is left of them."""

from typing import Any

import pytest
from notifications.about_data import answered, asked, contact_replaced, only_official
from notifications.announcing_people import official
from notifications.mailroom import (
    OWN_LINK,
    body,
    changed,
    deliver,
    mails,
    messages,
    registered,
    rows,
    sealed,
    send_due,
    states,
)
from uuid_utils.compat import uuid7

from services.notifications import forgetting
from shared.events import (
    CertificateIssued,
    CertificateRevoked,
    RegistrationCancelled,
    RegistrationErased,
)
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")


def told(sink: SmtpSink) -> list[tuple[str, str]]:
    """Whom the mails went to, and their text."""
    send_due()
    return [(str(mail["To"]), " ".join(body(mail).split())) for mail in mails(sink)]


def test_a_granted_deletion_is_confirmed_after_the_erasure_and_then_forgotten(
    sink: SmtpSink,
) -> None:
    person = registered(phone=None)
    deliver(person)
    answer = answered()
    deliver(answer, sealed(RegistrationErased(registration_id=person.data.registration_id)))
    [(to, said)] = told(sink)
    assert to == "peserta@contoh.id"
    assert "penghapusan data sudah kami kerjakan." in said
    assert "dihapus untuk selamanya" in said
    assert "/registration/r/" not in said
    assert forgetting.purge_answers() == 0, "its few days are not over"
    rows("UPDATE message SET expires_at = now() WHERE rule = 'data-request-answered'")
    assert forgetting.purge_answers() == 1
    assert forgetting.purge_answers() == 0
    left = " ".join(
        row.row
        for table in ("message", "attempt", "receipt")
        for row in rows(f"SELECT to_jsonb({table})::text AS row FROM {table}")
    )
    assert "peserta@contoh.id" not in left
    assert "Peserta Contoh" not in left


def test_an_answer_that_waited_too_long_is_not_kept_for_it() -> None:
    deliver(answered())
    rows("UPDATE message SET expires_at = now()")
    assert forgetting.purge_answers() == 1
    [message] = messages()
    assert (message.state, message.recipient, message.text) == ("expired", "", None)


def test_who_is_declined_reads_why_and_finds_their_page(sink: SmtpSink) -> None:
    reason = "Nama di surat tugas memang demikian."
    deliver(answered(kind="correct", done=False, reason=reason, own_link=OWN_LINK, language="en"))
    [(_, said)] = told(sink)
    assert f"correction of data cannot be done. The reason: {reason}" in said
    assert OWN_LINK in said
    assert "Do you not agree" in said
    assert "deleted for good" not in said


def test_the_officers_of_the_province_hear_that_somebody_asks(sink: SmtpSink) -> None:
    only_official(email="kepri@contoh.id")
    official(role="province", region_code="14", email="riau@contoh.id")
    official(role="national", region_code="", email="nasional@contoh.id")
    event = asked()
    deliver(event)
    [(to, said)] = told(sink)
    assert to == "kepri@contoh.id"
    assert "penghapusan data" in said
    assert f"/registration/privacy/requests/{event.subject}" in said


def test_a_province_without_officers_leaves_it_to_the_nation(sink: SmtpSink) -> None:
    only_official(email="riau@contoh.id", region_code="14")
    official(role="national", region_code="", email="nasional@contoh.id")
    deliver(asked())
    assert [to for to, _ in told(sink)] == ["nasional@contoh.id"]


def test_the_address_that_was_replaced_hears_it_and_no_secret(sink: SmtpSink) -> None:
    deliver(contact_replaced(email="lama@contoh.id"))
    [(to, said)] = told(sink)
    assert to == "lama@contoh.id"
    assert "Bukan Anda yang menggantinya?" in said
    assert "/registration/r/" not in said


CERTIFICATE: dict[str, Any] = {"jp": 16, "verify_link": "http://sejawat.contoh.id/registration/c/7"}


def test_a_certificate_issued_again_is_one_message_that_names_the_old_one(sink: SmtpSink) -> None:
    old, new = ({"certificate_id": uuid7(), "number": number} for number in ("0001/A", "0002/A"))
    reader = {"registration_id": uuid7(), "phone": None, "language": "en"}
    deliver(
        changed(CertificateRevoked, **old, reason="", **reader),
        changed(CertificateIssued, **new, replaces="0001/A", **CERTIFICATE, **reader),
    )
    [(_, said)] = told(sink)
    assert "this certificate replaces number 0001/A" in said
    assert "Number: 0002/A" in said
    assert states() == {"accepted": 1}


@pytest.mark.parametrize(
    ("by", "question"),
    [
        ("registrant", "Was it not you who cancelled?"),
        ("host", "Is this a mistake?"),
        ("meeting", "Any questions?"),
    ],
)
def test_only_who_cancelled_is_asked_whether_it_was_they(
    sink: SmtpSink, by: str, question: str
) -> None:
    deliver(changed(RegistrationCancelled, by=by, reason="Contoh.", phone=None, language="en"))
    [(_, said)] = told(sink)
    assert question in said
    assert ("not you" in said) is (by == "registrant")
