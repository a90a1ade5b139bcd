"""The loop as shown is the loop as run: documents are made from the table and may not lag behind
it.
"""

import re
from pathlib import Path

import pytest

from console.cli_help import width
from console.loop_views import as_json, as_text, matrix, mermaid, refreshed, steps
from console.loop_words import NEEDS, ROUTES
from console.wording import event_name, role_name, step_name
from schemas import COMPLAINT_EVENTS
from schemas.envelope import Role
from workflow.errors import InvalidInput
from workflow.loop import STEPS
from workflow.states import State

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
    if "<!-- loop:begin -->" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_documents_show_the_table_as_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert refreshed(text, path.name) == text, f"uv run bihuan loop --write {path}"


def test_the_loop_has_its_page() -> None:
    assert ROOT / "docs" / "loop.md" in DOCUMENTS


def test_the_diagram_has_every_state_and_every_change_of_state() -> None:
    drawn = mermaid()
    for state in State:
        assert f"        {state}: " in drawn
    for step in STEPS:
        if step.to is not None:
            assert step.note in drawn


def test_a_document_without_marks_is_refused() -> None:
    with pytest.raises(InvalidInput, match="标记"):
        refreshed("# nothing to renew", "x.md")


def test_the_matrix_says_who_may() -> None:
    heading, *rows = matrix()
    assert len(rows) == len({step.event for step in STEPS})
    column = heading.index(role_name(Role.CITIZEN))
    assert [row[0] for row in rows if row[column]] == [
        "ComplaintReevaluated",
        "CitizenObjected",
        "RetaliationReported",
    ]
    assert role_name(Role.ADMINISTRATOR) not in heading


def test_the_data_is_the_whole_table() -> None:
    data = as_json()
    assert len(data["steps"]) == len(STEPS) == len(steps()) - 1
    assert all(s["owner"] and s["limit"] for s in data["states"] if not s["end"])
    assert "lambda" not in str(data)


def test_a_condition_is_told_in_words_with_its_name_beside_them() -> None:
    (row,) = [row for row in steps() if row[0] == "补充联系方式" and row[5]]
    assert row[-2:] == ("先派单（`dispatch_first`）", "已请单位补联系方式（`contact_requested`）")


def test_conditions_that_differ_are_told_apart() -> None:
    assert len({*NEEDS.values()}) == len(NEEDS)
    assert len({*ROUTES.values()}) == len(ROUTES)


def test_the_table_is_read_in_a_hundred_columns_and_in_chinese() -> None:
    shown = as_text()
    assert max(map(width, shown.splitlines())) <= 100
    assert "确认有效" in shown
    assert not re.search("[a-z]", shown)


def test_every_event_has_a_name_of_its_own() -> None:
    names = [event_name(event.__name__) for event in COMPLAINT_EVENTS]
    assert len(set(names)) == len(names)
    assert all(not name.isascii() for name in names)
    assert event_name("NoSuchEvent") == "NoSuchEvent"
    assert step_name("ComplaintReevaluated", "REEVALUATING", "RULING") == "再评价不满意，提请终裁"
