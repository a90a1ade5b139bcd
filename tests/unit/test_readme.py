"""What the front pages say is so: files, commands, table and diagram are those of the code."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from console.cli import app
from console.cli_doors import GROUPS
from console.loop_views import mermaid
from console.refusals import EXITS
from consumers import register
from schemas import EVENTS
from workflow.states import STAGES

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
READMES = (ENGLISH, CHINESE)
DECISIONS = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PAGES = (
    *READMES,
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/guarantees.md",
    "docs/operations.md",
    "docs/import.md",
    "docs/api.md",
    "docs/benchmarks.md",
    "docs/scale.md",
    "docs/testing.md",
    "docs/decisions/README.md",
    *(f"docs/decisions/{name}" for name in DECISIONS),
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"[\w.*/-]+(?:/|\.(?:py|toml|md|csv|json)|Makefile|LICENSE)")
MADE = ("data/", "demo/", "restored/", "secrets/")
"""Folders that are there only once the product has run."""

SOMEBODYS = re.compile(r"[a-z.-]+\.(csv|toml|json)")
"""A file of whoever runs the command."""


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fences(name: str, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(page(name)) if kind == language]


def spans(name: str) -> list[str]:
    """Inline code, outside of fenced blocks."""
    return CODE.findall(FENCE.sub("", page(name)))


def block(name: str, mark: str) -> str:
    begin, end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
    assert page(name).count(begin) == page(name).count(end) == 1
    return page(name).split(begin)[1].split(end)[0]


def commands(name: str) -> Iterator[str]:
    """Every command the page prints, in a block or in a line, without `uv run`."""
    lines = [line for body in fences(name, "sh") for line in body.splitlines()]
    lines += [span for span in spans(name) if span.startswith(("bihuan ", "uv run bihuan "))]
    for line in lines:
        said = line.split("  #")[0].strip().removeprefix("uv run ")
        if said.startswith("bihuan "):
            yield said


def stages(name: str) -> list[list[str]]:
    """The rows of the page's table of stages, cell by cell, without its heading."""
    rows = [line for line in block(name, "stages").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def column(name: str, place: int) -> list[str]:
    """A column's code spans, without repeats."""
    found = [span for row in stages(name) for span in CODE.findall(row[place])]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", PAGES)
def test_every_file_a_page_names_is_there(name: str) -> None:
    named = [span for span in spans(name) if FILE.fullmatch(span) and not span.startswith("/")]
    missing = [
        span
        for span in named
        if not span.startswith(MADE) and not SOMEBODYS.fullmatch(span) and not list(ROOT.glob(span))
    ]
    assert not missing


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    local = [link for link in LINK.findall(page(name)) if "://" not in link]
    folder = (ROOT / name).parent
    assert [link for link in local if not (folder / link.split("#")[0]).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_command_a_page_prints_can_be_given(name: str) -> None:
    root: Any = typer.main.get_command(app)
    for line in commands(name):
        command, words = root, shlex.split(line)[1:]
        while words and hasattr(command, "get_command") and not words[0].startswith("-"):
            found = command.get_command(None, words[0])
            assert found is not None, line
            command, words = found, words[1:]
        known = {option for param in (*root.params, *command.params) for option in param.opts}
        for word in words:
            if word.startswith("--"):
                assert word.split("=")[0] in {*known, "--help"}, line


@pytest.mark.parametrize("name", PAGES)
def test_every_verb_of_make_that_a_page_prints_is_one(name: str) -> None:
    verbs = re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE)
    said = re.findall(r"\bmake ([a-z]+)", "\n".join((*fences(name, "sh"), *spans(name))))
    assert set(said) <= set(verbs)


def test_the_first_two_commands_are_demo_and_test() -> None:
    for name in READMES:
        assert re.findall(r"^make (\w+)", fences(name, "sh")[0], re.MULTILINE) == ["demo", "test"]


@pytest.mark.parametrize("name", READMES)
def test_the_diagram_is_that_of_the_table(name: str) -> None:
    assert block(name, "loop").strip() == f"```mermaid\n{mermaid()}```"


@pytest.mark.parametrize("name", READMES)
def test_the_table_of_stages_begins_with_the_loop(name: str) -> None:
    named = [row[0].split()[0] for row in stages(name)]
    assert named[: len(STAGES)] == list(STAGES)


@pytest.mark.parametrize("name", READMES)
def test_every_schema_with_an_event_is_in_the_table(name: str) -> None:
    modules = {event.__module__.replace(".", "/") + ".py" for event in EVENTS}
    assert modules | {"schemas/rating.py"} == set(column(name, 1))


@pytest.mark.parametrize("name", READMES)
def test_every_consumer_is_in_the_table_in_the_order_of_the_register(
    name: str, office: Any
) -> None:
    modules = [type(consumer).__module__.replace(".", "/") + ".py" for consumer in register(office)]
    assert column(name, 2) == modules


@pytest.mark.parametrize("name", READMES)
def test_every_party_with_a_door_is_in_the_table(name: str) -> None:
    parties = {Path(span).parts[1].removesuffix(".py") for span in column(name, 3)}
    doors = {party for _, party in GROUPS.values()}
    assert parties == {*doors, "platforms", "sources", "clock"}


def test_both_readmes_have_the_same_build() -> None:
    english, chinese = page(ENGLISH), page(CHINESE)
    for pattern in (r"^#+ ", r"^<!-- \S+ -->$", r"^- "):
        same = [re.findall(pattern, text, re.MULTILINE) for text in (english, chinese)]
        assert same[0] == same[1], pattern
    assert fences(ENGLISH, "text") == fences(CHINESE, "text")
    assert list(commands(ENGLISH)) == list(commands(CHINESE))
    assert [row[1:] for row in stages(ENGLISH)] == [
        [cell.replace("、", ", ") for cell in row[1:]] for row in stages(CHINESE)
    ]
    assert sorted(LINK.findall(english)[1:]) == sorted(LINK.findall(chinese)[1:])


def test_the_tables_of_both_readmes_name_the_same_things() -> None:
    def rows(name: str) -> list[list[str]]:
        lines = [line for line in page(name).splitlines() if line.startswith("| ")]
        return [sorted(CODE.findall(line)) for line in lines]

    assert rows(ENGLISH) == rows(CHINESE)


def test_the_due_time_is_explained_as_shown(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = [line for line in commands(ENGLISH) if line.startswith("bihuan deadline --start")]
    with pytest.raises(SystemExit) as ended:
        app(shlex.split(line)[1:])
    assert ended.value.code == 0
    assert capsys.readouterr().out == fences(ENGLISH, "text")[1]


def test_the_sample_files_are_taken_in_whole(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, sample in enumerate(fences("docs/import.md", "csv")):
        file = tmp_path / f"{number}.csv"
        file.write_text(sample, encoding="utf-8")
        with pytest.raises(SystemExit):
            app(["import", str(file), "--source", "bihuan", "--json", "--data", str(folder)])
        receipt = json.loads(capsys.readouterr().out)
        assert receipt["accepted"] == len(sample.splitlines()) - 1, sample


def test_the_exit_codes_are_those_of_the_program() -> None:
    told = dict(re.findall(r"^\| (\d) \| (.+?) \|$", page("docs/operations.md"), re.MULTILINE))
    assert sorted(map(int, told)) == sorted(EXITS)


def test_every_guarantee_has_a_test_that_can_refute_it_and_is_on_the_page() -> None:
    stated = set(re.findall(r"^\| (G\d+) \|", page("docs/guarantees.md"), re.MULTILINE))
    files = (ROOT / "tests").rglob("test_*.py")
    marked = {
        found
        for path in files
        for found in re.findall(r'mark\.guarantee\("(\w+)"\)', path.read_text(encoding="utf-8"))
    }
    assert marked == stated


def test_every_decision_is_in_the_index_and_has_its_parts() -> None:
    index = page("docs/decisions/README.md")
    assert [link for link in LINK.findall(index) if link[0].isdigit()] == DECISIONS
    numbers = [name.split("-")[0] for name in DECISIONS]
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]
    for name in DECISIONS:
        text = page(f"docs/decisions/{name}")
        assert text.startswith(f"# {name.split('-')[0]} "), name
        if name != "0003-calendar.md":
            parts = re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE)
            wanted = ["Context", "Decision", "Consequences", "Alternatives", "References"]
            assert parts == wanted, name
