"""Writes a release's golden history: a few complaints by many paths, as the release stored them.

`uv run --frozen python tests/golden_history.py 0.1` until 0.1 is released; never again after.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import fields
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "unit")]

from city import City  # noqa: E402
from sqlalchemy import select  # noqa: E402
from test_loop_properties import PROFILES, START, Drawn  # noqa: E402

from consumers.metrics import Metrics  # noqa: E402
from workflow.complaint import Complaint, Event  # noqa: E402
from workflow.ledger import Actor  # noqa: E402
from workflow.loop import STEPS  # noqa: E402
from workflow.storage.models import (  # noqa: E402
    complaint_facts,
    complaints,
    events,
    order_facts,
    parked,
)

KEY = "67" * 32
SHIPPED = tuple(profile for profile in PROFILES if "-" not in profile)


class Walk(Drawn):
    """A walk that remembers its events, and how many of them it took to show what was new."""

    def __init__(self, left: set[tuple[str, str, str]], seed: int) -> None:
        super().__init__(left)
        self.events, self.worth = list[Event](), 0
        chance = Random(seed)
        self.collected(SHIPPED[seed % len(SHIPPED)], chance.random() < 0.7, chance.random() < 0.7)
        self.the_loop_goes_on(seed, 40)

    def recorded(self, event: Event) -> None:
        self.events.append(event)
        # What somebody has shown from one state need not be shown from the others.
        shown = {t for t in self.left if (t[0], t[2]) == (event.type, self.complaint.state)}
        if shown:
            self.left -= shown
            self.worth = len(self.events)


def walks() -> list[list[Event]]:
    """Until every event has led to every state it can lead to."""
    left = {
        (row.event, str(source), str(row.to or source))
        for row in STEPS
        if len(row.sources) < 10
        for source in row.sources
    }
    made = [Walk(left, seed) for seed in takewhile(lambda _: left, range(1000))]
    return [walk.events[: walk.worth] for walk in made if walk.worth]


def export(release: str) -> None:
    """Records the walks in a city of their own, and writes down what it stored."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bihuan.key").write_text(KEY)
        city = City(Path(folder))
        city.clock.now = START
        for number, walk in enumerate(walks(), 1):
            _record(city, f"CP21-{number:04d}", walk)
        city.drain([Metrics(city.office.rulebook.policies)])
        with city.office.database.read() as conn:
            assert not conn.execute(select(parked)).all()
        lines: list[dict[str, Any]] = [
            {"release": release, "key": KEY, "fields": [f.name for f in fields(Complaint)]}
        ]
        lines += _stored(city)
        city.close()
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (HERE / "golden" / f"{release}.jsonl").write_text(text + "\n", encoding="utf-8")


def _record(city: City, subject: str, walk: list[Event]) -> None:
    """The walk's events, each with the numbers of its own complaint."""
    for event in walk:
        city.clock.now = event.at
        actor = Actor(event.actor, event.role, event.unit)
        with city.ledger.transaction() as posting:
            own: dict[str, str] = {}
            if event.type == "ReviewCollected":
                own = {"project_no": subject}
            elif event.type == "DepartmentAssigned":
                own = {"order": posting.complaint(subject).next_order}
            posting.record(subject, event.fact.model_copy(update=own), actor)


def _stored(city: City) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with city.office.database.read() as conn:
        for table in (events, complaints, complaint_facts, order_facts):
            for row in conn.execute(select(table).order_by(*table.primary_key)):
                values = {
                    name: value.hex() if isinstance(value, bytes) else value
                    for name, value in row._mapping.items()
                }
                found.append({table.name: values})
    return found


if __name__ == "__main__":
    export(sys.argv[1])
