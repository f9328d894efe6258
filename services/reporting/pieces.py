"""Checkpoints of a long report: what one attempt finished, the next one does not do again.

They belong to one report and one state of the data, which the folder's name says: when the data
has changed meanwhile, another folder begins, so no file is ever made of two moments.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pieces:
    """A folder of finished parts. `attempt` keeps what two workers write apart."""

    folder: Path
    attempt: int

    def get(self, name: str, make: Callable[[Path], int]) -> tuple[Path, int]:
        """A part and its rows: of an earlier attempt, or made now; `make` returns the rows."""
        for done in self.folder.glob(f"{name}~*"):
            return done, int(done.name.rpartition("~")[2])
        self.folder.mkdir(mode=0o700, exist_ok=True)
        part = self.folder / f"part-{self.attempt}-{name}"
        rows = make(part)
        done = part.replace(self.folder / f"{name}~{rows}")
        return done, rows

    def clear(self) -> None:
        """They are in the file now."""
        shutil.rmtree(self.folder, ignore_errors=True)
