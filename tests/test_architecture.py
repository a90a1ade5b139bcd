"""The shape holds: the table is whole, every part has its place, its size and its page."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import TypeAdapter

from console.cli import app
from console.cli_doors import GROUPS
from console.refusals import FIELD_WORDS
from console.wording import FIELDS
from consumers import register
from producers.sources import sources
from schemas import COMPLAINT_EVENTS, EVENTS, RULE_EVENTS, AnyFact
from workflow.audit import BESIDE
from workflow.limits import LIMITS, OWNERS
from workflow.loop import STEPS
from workflow.policy import Policies
from workflow.states import ENDS, OPEN, State
from workflow.storage.models import METADATA

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "workflow", "consumers", "producers", "console")
MODULES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 250, 40
NO_SUBJECT = {"utils", "helpers", "services", "managers", "common", "core"}
ALLOWED = {"transitions", "pydantic_core"}
"""What else a pure module may import from outside: neither reads anything by itself."""

IMPURE = {"io", "os", "time", "socket", "subprocess", "threading", "random", "sqlite3"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """The first part of every name a module imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def foreign(path: Path) -> set[str]:
    """What a module imports that is neither ours nor Python's."""
    return set(imported(path)) - sys.stdlib_module_names - {*PACKAGES}


# the loop


def test_every_complaint_event_occurs_in_the_table_and_nothing_else_does() -> None:
    assert {step.event for step in STEPS} == {event.__name__ for event in COMPLAINT_EVENTS}


def test_every_event_is_in_the_union() -> None:
    named = set(TypeAdapter(AnyFact).json_schema()["discriminator"]["mapping"])
    assert named == {event.__name__ for event in EVENTS}


def test_the_auditor_takes_for_no_complaints_what_has_a_subject_of_its_own() -> None:
    assert sorted(BESIDE) == sorted(event.__name__ for event in RULE_EVENTS)


def test_every_state_is_reachable_and_every_open_state_can_reach_an_end() -> None:
    moves = {(source, step.to) for step in STEPS if step.to for source in step.sources}
    reached = {State.COLLECTED}
    while more := {to for source, to in moves if source in reached} - reached:
        reached |= more
    assert reached == set(State)
    ending = set(ENDS)
    while more := {source for source, to in moves if to in ending} - ending:
        ending |= more
    assert ending == set(State)


def test_every_open_state_has_somebody_who_answers_for_it_and_a_limit_in_every_profile() -> None:
    assert set(OWNERS) == set(OPEN)
    assert {limit for _, limit in OWNERS.values()} <= {row.name for row in LIMITS}
    for policy in Policies.load():
        assert {limit for _, limit in OWNERS.values()} <= set(policy.limits)


# who is there


def test_every_consumer_is_registered(office: Any) -> None:
    written = {
        (f"consumers.{path.stem}", node.name)
        for path in (ROOT / "consumers").glob("*.py")
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(part, ast.FunctionDef) and part.name == "handle" for part in node.body)
    }
    registered = {(type(c).__module__, type(c).__name__) for c in register(office)}
    assert written == registered


def test_no_consumer_and_no_party_is_left_out_of_the_import_contracts(office: Any) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    apart = [c["modules"] for c in contracts if c["type"] == "independence"]
    consumers = {type(consumer).__module__ for consumer in register(office)}
    parties = {f"producers.{party}" for _, party in GROUPS.values()}
    assert sorted(map(set, apart), key=min) == [
        consumers,
        parties | {"producers.platforms", "producers.clock"},
    ]


def test_every_command_is_on_its_page() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \| (.+) \|$", page, re.MULTILINE)
    told = set()
    for left, right in rows:
        names = re.findall(r"`(.+?)`", left)
        told |= {f"{names[0]} {c}" for c in re.findall(r"`(.+?)`", right)} or {*names}
    assert told == set(_commands(typer.main.get_command(app), ()))


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    if not hasattr(command, "list_commands"):
        yield " ".join(path)
        return
    for name in command.list_commands(None):
        yield from _commands(command.get_command(None, name), (*path, name))


# files


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_and_can_be_read_at_a_sitting(path: Path) -> None:
    assert ast.get_docstring(tree(path))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    }
    assert not long


def test_every_module_of_the_engine_is_on_the_page_for_the_next_person() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = re.findall(r"[a-z_]+\*?", page.split("```text")[1].split("```")[0])
    modules = {path.stem for path in (ROOT / "workflow").glob("[!_]*.py")}
    assert {name for name in modules if not any(fnmatch(name, word) for word in told)} == set()


def test_the_same_page_says_where_everything_is_kept() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = re.findall("`([a-z_]+)`", page.split("## Where state lives")[1].split("\n## ")[0])
    assert METADATA.tables.keys() - {*told} == set()


def test_every_module_is_named_for_its_subject() -> None:
    parts = {part for path in MODULES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not parts & NO_SUBJECT


def test_schemas_need_pydantic_and_nothing_else() -> None:
    needed = {name for path in (ROOT / "schemas").rglob("*.py") for name in foreign(path)}
    assert needed == {"pydantic", "pydantic_core"}


PURE = [path for path in MODULES if re.search(r"\bpure\b", ast.get_docstring(tree(path)) or "")]


def test_the_heart_of_the_engine_says_that_it_is_pure() -> None:
    heart = {"loop", "conditions", "limits", "folds", "advance", "calendar", "policy", "formulas"}
    assert heart <= {path.stem for path in PURE}


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_what_is_pure_reads_neither_clock_nor_disk(path: Path) -> None:
    assert foreign(path) <= ALLOWED
    assert not set(imported(path)) & IMPURE
    called = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert not {f.attr for f in called if isinstance(f, ast.Attribute)} & CLOCKS
    assert not any(isinstance(f, ast.Name) and f.id == "open" for f in called)


def test_the_totals_are_read_by_the_generator_alone_and_what_was_printed_by_the_tables() -> None:
    def readers(file: str) -> list[str]:
        return [name_of(path) for path in MODULES if file in path.read_text(encoding="utf-8")]

    assert readers('"totals.toml"') == ["console/demo/generator.py"]
    assert readers('"circular"') == ["console/demo/acts/printed.py"]


def test_every_table_shipped_can_be_read_and_is_in_use() -> None:
    for path in (path for name in PACKAGES for path in (ROOT / name).rglob("*.toml")):
        assert tomllib.loads(path.read_text(encoding="utf-8")), path
    profiles = {path.stem for path in (ROOT / "workflow" / "policies").glob("*.toml")}
    assert {policy.name for policy in Policies.load()} == profiles
    tables = {path.stem for path in (ROOT / "producers" / "sources").glob("*.toml")}
    assert {source.name for source in sources()} == tables


def refused_fields(path: Path) -> Iterator[str]:
    """The fields that a module's refusals name in so many words."""
    for node in ast.walk(tree(path)):
        named = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("InvalidInput")
        if named and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def test_a_refusal_names_its_field_in_the_office_language() -> None:
    named = {field for path in MODULES for field in refused_fields(path)}
    plain = {field for field in named if re.fullmatch("[a-z][A-Za-z_.]*", field)}
    assert len(plain) > 50
    assert plain - FIELD_WORDS.keys() - FIELDS.keys() == set()
