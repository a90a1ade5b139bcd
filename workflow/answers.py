"""归集: what a batch is answered, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from schemas.rating import Refusal

Outcome = Literal["accepted", "repeat", "conflict", "refused"]


class Answer(NamedTuple):
    """What became of one row, by its line or place; a refused one says field, value and reason."""

    number: int
    outcome: Outcome
    complaint: str | None = None
    refusal: Refusal | None = None


@dataclass
class Answers:
    """A batch's answers in order, and their counts."""

    batch: int = 0
    rows: list[Answer] = field(default_factory=list)
    complaints: int = 0

    def count(self, outcome: Outcome) -> int:
        return sum(1 for answer in self.rows if answer.outcome == outcome)
