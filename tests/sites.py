"""A running copy of the whole product, started by its own command, and how tests use it."""

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest

from shared.local.ports import free_port

LINUX = sys.platform == "linux"
ROOT = Path(__file__).parents[1]
T = TypeVar("T")
visitors = itertools.count(1)
OURS = ("DATABASE_URL_", "SECRET_KEY_", "REDIS_URL", "SMTP_URL", "TOKEN_", "BASE_URL", "FILES")


def eventually(look: Callable[[], T | None], what: str = "it", seconds: float = 30) -> T:
    """Poll until `look` returns something true; fails the test with `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@dataclass
class Site:
    """A running copy, and what a person or a program knows of it."""

    base_url: str
    data: Path
    told: dict[str, Any]
    pid: int  # of run.py itself
    visitors: contextlib.ExitStack

    @property
    def staff(self) -> dict[str, str]:
        """Headers of the national admin."""
        return {"Authorization": f"Bearer {self.told['admin_token']}"}

    def client(self, **options: Any) -> httpx.Client:
        """A new visitor: no cookies, and redirects are followed by hand. Leaves with the site.

        Each comes from an address of their own, as what one address may do is limited.
        """
        number = next(visitors)
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        headers = {"X-Forwarded-For": address} | options.pop("headers", {})
        visitor = httpx.Client(base_url=self.base_url, timeout=30, headers=headers, **options)
        return self.visitors.enter_context(visitor)

    def signed_in(self, email: str) -> httpx.Client:
        """A visitor who signed in by the page's own form."""
        account = next(a for a in self.told["accounts"] if a["email"] == email)
        client = self.client()
        token = form_token(client.get("/registration/sign-in").text)
        fields = {"email": email, "password": account["password"], "form_token": token}
        assert client.post("/registration/sign-in", data=fields).status_code == 303
        return client

    def mails_to(self, address: str) -> list[EmailMessage]:
        """What the SMTP server accepted for an address, oldest first."""
        mails = []
        for path in sorted((self.data / "mail").glob("*.eml")):
            mail = BytesParser(policy=modern).parsebytes(path.read_bytes())
            if address in str(mail["To"]):
                mails.append(mail)
        return mails


def form_token(page: str) -> str:
    """The form token in a page."""
    found = re.search('name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


@contextlib.contextmanager
def running_site(*options: str, folder: Path | None = None) -> Iterator[Site]:
    """`run.py` on a new data directory, or on a kept one; stops it as Ctrl-C does at the end."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            made = tempfile.TemporaryDirectory(prefix="sejawat-test-")
            folder = Path(stack.enter_context(made))
        data, port = folder, free_port()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        environment["SPT_NOENV"] = "1"  # a process's title leaves its environment readable
        command = [sys.executable, "run.py", "--port", str(port), "--data", str(data), *options]
        output = (data / "output.txt").open("wb")
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            told = eventually(lambda: _told(data, process), "run.py is ready", 120)
            with contextlib.ExitStack() as visitors:
                yield Site(told["base_url"], data, told, process.pid, visitors)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            output.close()


def _told(data: Path, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    if process.poll() is not None:
        pytest.fail((data / "output.txt").read_text()[-3000:])
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        return dict(json.loads((data / "demo.json").read_text()))
    return None
