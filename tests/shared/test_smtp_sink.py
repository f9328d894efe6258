"""The mail sink takes what an SMTP server takes, and keeps it as files."""

import json
import re
import smtplib
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from sites import eventually

from shared.local.ports import free_port, is_free
from shared.local.processes import ManagedProcess, Supervisor
from shared.local.smtp_sink import Faults, SmtpSink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    sink = SmtpSink(tmp_path / "mail")
    sink.start()
    yield sink
    sink.stop()


def mail(message_id: str, text: str = "Sampai jumpa") -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = message_id
    message["From"] = "panitia@example.org"
    message["To"] = "peserta@example.org"
    message["Subject"] = "Pertemuan — undangan"
    message.set_content(text)
    return message


def accepted(directory: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (directory / "accepted.jsonl").read_text().splitlines()]


def test_a_mail_answered_250_is_a_file_and_a_line(sink: SmtpSink) -> None:
    before = time.time()
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.send_message(mail("<satu@example.org>"))
        client.send_message(mail("<dua@example.org>"))
        client.send_message(mail("<satu@example.org>"))
    files = sorted(path.name for path in sink.directory.glob("*.eml"))
    assert len(files) == 3
    assert all(re.fullmatch(r"\d{8}T\d{6}\.\d{6}Z-\d{6}-[0-9a-f]{12}\.eml", f) for f in files)
    hashes = [name.split("-")[2] for name in files]
    assert hashes[0] == hashes[2] != hashes[1]
    assert b"Sampai jumpa" in (sink.directory / files[0]).read_bytes()
    assert not list(sink.directory.glob("*.new"))
    lines = accepted(sink.directory)
    assert [line["message_id"] for line in lines][:2] == ["<satu@example.org>", "<dua@example.org>"]
    assert lines[0]["to"] == ["peserta@example.org"]
    assert all(before <= float(str(line["accepted_at"])) <= time.time() for line in lines)


def test_bytes_of_any_encoding_are_kept_as_they_came(sink: SmtpSink) -> None:
    content = b"Message-ID: <\xff\xe9@x>\r\nSubject: \xe9\xff\r\n\r\nisi \xfe\xff\x80\r\n"
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("a@example.org", ["b@example.org"], content)
        client.sendmail("a@example.org", ["büro@example.org"], content, ["SMTPUTF8"])
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("a@example.org", ["b@example.org"], b"x" * (25 * 1024 * 1024 + 1))
    files = list(sink.directory.glob("*.eml"))
    assert [file.read_bytes() for file in files] == [content, content]
    assert [line["to"] for line in accepted(sink.directory)] == [
        ["b@example.org"],
        ["büro@example.org"],
    ]


def test_a_slow_server_takes_its_time(tmp_path: Path) -> None:
    sink = SmtpSink(tmp_path / "mail", faults=Faults(delay_ms=300))
    sink.start()
    try:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            began = time.monotonic()
            client.send_message(mail("<pelan@example.org>"))
        assert time.monotonic() - began >= 0.3
    finally:
        sink.stop()


def test_the_sink_is_a_command_that_a_supervisor_runs(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    port, directory = free_port(), tmp_path / "mail"
    options = ["--port", str(port), "--directory", str(directory), "--delay-ms", "1"]
    command = [sys.executable, "-m", "shared.local.smtp_sink", *options]
    supervisor.start(ManagedProcess("sink", command, tmp_path / "sink.log"))
    eventually(lambda: not is_free(port))
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(mail("<perintah@example.org>"))
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 5, "it has to end by SIGTERM, not by SIGKILL"
    assert len(accepted(directory)) == 1
    assert (tmp_path / "sink.log").read_text() == ""
