"""The whole product as `run.py` starts it, on engines that the measurement can reach as well."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.laboratory import wait_until
from shared.local.ports import free_port
from shared.local.postgres import Postgres
from shared.local.redis import Redis

SERVICES = ("registration", "reporting", "notifications")


class BenchSite:
    """`with BenchSite(workers=2) as site:`; its address is `site.base_url`."""

    def __init__(self, *, workers: int) -> None:
        self._workers = workers

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="sejawat-bench-"))
        self.postgres = Postgres(self.folder / "postgres")
        self.redis = Redis(self.folder / "redis")
        self.postgres.start()
        self.redis.start()
        urls = {
            f"DATABASE_URL_{name.upper()}": self.postgres.ensure_database(name, name)
            for name in SERVICES
        }
        # For run.py, and for what this process does itself in registration's database.
        os.environ |= urls | {"REDIS_URL": self.redis.url}
        self.port = free_port()
        command = [sys.executable, "run.py", "--port", str(self.port)]
        command += ["--data", str(self.folder), "--workers", str(self._workers)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        ready = self.folder / "demo.json"
        wait_until(lambda: ready.exists() and bool(ready.read_text()), "the site", 120)
        self.told: dict[str, Any] = json.loads(ready.read_text())
        os.environ |= json.loads((self.folder / "secrets.json").read_text())
        os.environ["BASE_URL"] = self.base_url
        return self

    @property
    def base_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(60)
        self.redis.stop()
        self.postgres.stop()
        if kind is None:
            shutil.rmtree(self.folder)
        else:
            print(f"logs are in {self.folder}/log", file=sys.stderr)
