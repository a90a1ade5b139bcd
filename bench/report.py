"""The figures as a table for people, as JSON for whatever compares two of them, and as a page made
of that JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, number

LATEST = Path(__file__).parent / "latest.json"
PAGE = Path(__file__).parents[1] / "docs" / "figures.md"
_MARKS = {True: "[green]yes[/]", False: "[red]NO[/]", None: ""}


def table(figures: Sequence[Figure]) -> Table:
    """One line a figure: median, least to most, ratios, goal, and whether it was reached."""
    made = Table(title="Speed and memory: medians", title_justify="left")
    for name in ("part", "figure"):
        made.add_column(name)
    for name in ("value", "least – most", "runs", "goal"):
        made.add_column(name, justify="right")
    made.add_column("reached")
    made.add_column("× floor / peer")
    for figure in figures:
        made.add_row(figure.part, *_cells(figure.as_json(), _MARKS))
    return made


def _cells(one: Mapping[str, Any], marks: Mapping[bool | None, str]) -> list[str]:
    return [
        one["name"],
        f"{number(one['value'])} {one['unit']}",
        f"{number(one['least'])} – {number(one['most'])}" if one["runs"] > 1 else "",
        str(one["runs"]),
        one["goal"] or "",
        marks[one["reached"]],
        ", ".join(f"{number(ratio)} {name}" for name, ratio in one["beside"].items()),
    ]


def show(
    console: Console, machine: Mapping[str, Any], figures: Sequence[Figure], not_run: Sequence[str]
) -> None:
    """The machine, the table, and what is not in it, with the reason."""
    for name, value in machine.items():
        console.print(f"{name:>14}: {value}", highlight=False)
    console.print(table(figures))
    for figure in figures:
        if figure.missing:
            console.print(f"no figure for {figure.part}, {figure.name}: {figure.missing}")
    if not_run:
        console.print(f"not run: {', '.join(not_run)}")


def write(path: Path, machine: Mapping[str, Any], figures: Sequence[Figure]) -> dict[str, Any]:
    """The same as JSON, by part, each with where and when it was measured; what the file says of
    other parts stays. Answers all it says now.
    """
    said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part in dict.fromkeys(figure.part for figure in figures):
        found = [figure.as_json() for figure in figures if figure.part == part]
        said[part] = {"machine": machine, "figures": found}
    text = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
    return said


def as_page(said: Mapping[str, Any]) -> str:
    """What the file says, for people: a table a part, below where and when it was measured."""
    lines = ["# The figures of the last runs", "", _MADE]
    for part, told in said.items():
        where = (f"{name.replace('_', ' ')} {value}" for name, value in told["machine"].items())
        lines += ["", f"## {part}", "", " · ".join(where), "", *_HEAD, *map(_line, told["figures"])]
    return "\n".join(lines) + "\n"


_MADE = """Written by `python -m bench` from `bench/latest.json`; how to read it, what is measured:
[benchmarks.md](benchmarks.md)."""
_HEAD = (
    "| Figure | Median | least – most | Runs | Goal | Reached | × floor / peer |",
    "| --- | ---: | ---: | ---: | ---: | --- | --- |",
)
_REACHED = {True: "yes", False: "**no**", None: ""}


def _line(one: Mapping[str, Any]) -> str:
    name, value, *others = _cells(one, _REACHED)
    return "| " + " | ".join((name, one["missing"] or value, *others)) + " |"
