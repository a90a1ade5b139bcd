"""Published schemas change knowingly: the files others build on are compared with the models."""

import json
from pathlib import Path

import pytest

from producers.sources.row_schema import row_schemas
from schemas import EVENTS
from schemas.published import published

PUBLISHED = published(row_schemas())
FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_published_schema_is_the_models(name: str) -> None:
    stored = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert json.loads(stored) == json.loads(PUBLISHED[name]), "uv run bihuan schema export"


def test_nothing_else_is_published() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(PUBLISHED)
    assert {event.__name__ for event in EVENTS} < set(PUBLISHED)


def test_events_are_closed_and_inbound_rows_too() -> None:
    for name, text in PUBLISHED.items():
        assert json.loads(text)["additionalProperties"] is False, name
