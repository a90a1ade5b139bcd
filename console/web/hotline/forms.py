"""差评件: what was typed into a step's form stays in it when the step was refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

OWN = frozenset({"csrf", "key", "expected_version", "back"})
"""Fields that no person types."""


@dataclass(frozen=True, slots=True)
class Typed:
    """One step's form as it was sent; nothing where it is fresh."""

    sent: FormData = field(default_factory=FormData)

    def get(self, name: str, default: Any = "") -> Any:
        """What stands in a field; several values where `default` is a tuple."""
        if name not in self.sent:
            return default
        said = [one for one in self.sent.getlist(name) if isinstance(one, str)]
        return said if isinstance(default, tuple) else said[0] if said else default

    def words(self) -> Iterator[str]:
        """The sentences typed, for a page whose form is no longer there."""
        for name, said in self.sent.multi_items():
            if name not in OWN and isinstance(said, str) and len(said) > 3 and not said.isascii():
                yield said


@dataclass(frozen=True, slots=True)
class Forms:
    """The page's forms: the one that was refused, what it said and why; the others are fresh."""

    event: str = ""
    told: str = ""
    typed: Typed = field(default_factory=Typed)

    def of(self, event: str) -> Typed:
        return self.typed if event == self.event else Typed()
