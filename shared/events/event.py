import builtins
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["id", "en"]


class Facts(BaseModel):
    """What is told. A reader ignores fields it does not know: a publisher may be newer than it."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Facts):
    """A fact about the past. A class without a `type` is what several events have in common."""

    type: ClassVar[str] = ""
    known: ClassVar[dict[str, builtins.type["Event"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Let the inbox find the class by its CloudEvents type."""
        super().__pydantic_init_subclass__(**kwargs)
        if cls.type:
            Event.known[cls.type] = cls

    @property
    def subject(self) -> str:
        """What the fact is about: the id of a thing in its owner's database."""
        raise NotImplementedError
