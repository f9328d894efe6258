"""A real way for SMS: Debian's Kannel with its fake SMS centre, and receipts over real HTTP."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from notifications.exchange import KEYS, gateways, tell
from notifications.mailroom import Mailroom, messages, rows, send_due, states
from sites import eventually

from shared.local.ports import LOOPBACK, free_port

FAKE_SMSC = Path("/usr/lib/kannel/test/fakesmsc")
pytestmark = [
    pytest.mark.usefixtures("empty"),
    pytest.mark.skipif(
        not (shutil.which("bearerbox") and shutil.which("smsbox") and FAKE_SMSC.exists()),
        reason="Kannel is not installed: apt-get install kannel kannel-extras",
    ),
]
CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = sandi
admin-interface = 127.0.0.1
smsbox-port = {smsbox}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
store-type = file
store-location = {folder}/store

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = sejawat
password = sandi
concatenation = true
max-messages = 10
"""


@dataclass(frozen=True)
class Kannel:
    """One that runs: where it takes messages, and what its SMS centre has got."""

    url: str
    log: Path

    def arrived(self) -> list[str]:
        """A line for each SMS: sender, receiver, kind, words."""
        said = self.log.read_text(errors="replace")
        return [line.partition("<")[2] for line in said.splitlines() if "Got message" in line]

    def settings(self, our_url: str) -> dict[str, Any]:
        """As `GATEWAYS` names it."""
        return {"kind": "kannel", "url": self.url, "our_url": our_url, **KEYS["kannel"]}


@pytest.fixture
def kannel(tmp_path: Path) -> Iterator[Kannel]:
    """Bearerbox, smsbox and fakesmsc, on ports of their own."""
    ports = {name: free_port() for name in ("admin", "smsbox", "smsc", "sendsms")}
    configuration = tmp_path / "kannel.conf"
    configuration.write_text(CONFIGURATION.format(folder=tmp_path, **ports))
    log = tmp_path / "smsc.log"
    running: list[subprocess.Popen[bytes]] = []
    smsc = [str(FAKE_SMSC), "-H", LOOPBACK, "-r", str(ports["smsc"]), "-m", "0", "1 2 text x"]
    try:
        for command, port in (
            (["bearerbox", str(configuration)], ports["smsbox"]),
            (["smsbox", str(configuration)], ports["sendsms"]),
            (smsc, None),
        ):
            with log.open("ab") if port is None else (tmp_path / command[0]).open("ab") as output:
                running.append(subprocess.Popen(command, stdout=output, stderr=output))
            if port:
                eventually(lambda port=port: answers(port), f"{command[0]} answers")  # type: ignore[misc]
        eventually(lambda: "Connecting to" in log.read_text(), "fakesmsc is there")
        yield Kannel(f"http://{LOOPBACK}:{ports['sendsms']}", log)
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as connection:
        connection.settimeout(1)
        return connection.connect_ex((LOOPBACK, port)) == 0


def test_a_hundred_messages_arrive_and_are_told_of(
    mailroom: Mailroom, kannel: Kannel, our_url: str
) -> None:
    with gateways(mailroom, kannel.settings(our_url)):
        tell(100, channels=["sms"])
        began = time.monotonic()
        while not send_due() or states()["queued"]:
            assert time.monotonic() - began < 60
        eventually(lambda: states() == {"delivered": 100}, "all receipts", 60)
    assert {message.provider for message in messages()} == {"kannel"}
    assert all(message.delivered_at and message.lease_until is None for message in messages())
    parts = sum(message.parts for message in messages())
    eventually(lambda: len(kannel.arrived()) == parts, "all parts at the SMS centre")
    [told] = rows("SELECT count(DISTINCT message_id) AS messages FROM receipt")
    assert told.messages == 100


def test_signs_outside_the_alphabet_arrive_as_they_are(
    mailroom: Mailroom, kannel: Kannel, our_url: str
) -> None:
    with gateways(mailroom, kannel.settings(our_url)):
        for words in ("Harga 5 € [lunas]", "Rapat Dëwi"):
            tell(channels=["sms"])
            rows("UPDATE message SET text = :words WHERE state = 'queued'", words=words)
            send_due()
        eventually(lambda: states() == {"delivered": 2}, "both receipts")
        eventually(lambda: len(kannel.arrived()) == 2, "both at the SMS centre")
    plain, wide = kannel.arrived()
    assert plain == "Sejawat +628120000001 text Harga 5 € [lunas]>"
    *_, kind, words = wide.rstrip(">").split(" ")
    assert (kind, unquote_to_bytes(words.replace("+", " ")).decode("utf-16-be")) == (
        "ucs-2",
        "Rapat Dëwi",
    )


def test_a_wrong_password_is_seen_as_away(mailroom: Mailroom, kannel: Kannel, our_url: str) -> None:
    with gateways(mailroom, kannel.settings(our_url) | {"password": "salah"}):
        tell(channels=["sms"])
        send_due()
    assert states() == {"queued": 1}
    [state] = rows("SELECT * FROM provider_state")
    assert state.last_error == "403 Authorization failed for sendsms"
