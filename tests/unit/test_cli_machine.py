"""The command line for machines, and on terminals that lack characters."""

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from console.cli import app
from console.cli_root import OWN_OUTPUT, SPELT
from workflow.formulas import FORMULAS

CLI = [sys.executable, "-c", "from console.cli import main; main()"]


def leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "list_commands"):
        return [(path, command)]
    below = [(name, command.get_command(None, name)) for name in command.list_commands(None)]
    return [leaf for name, one in below for leaf in leaves(one, (*path, name))]


def test_every_command_with_a_result_tells_it_as_json() -> None:
    for path, command in leaves(typer.main.get_command(app)):
        takes = any("--json" in option.opts for option in command.params)
        assert takes != (path[0] in OWN_OUTPUT), path


def test_every_commands_help_is_in_chinese() -> None:
    for path, _ in leaves(typer.main.get_command(app)):
        said = CliRunner().invoke(app, [*path, "--help"], terminal_width=200)
        assert re.findall(r"(?:[A-Za-z']+,? ){3,}[A-Za-z']+", said.stdout) == [], path


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("command", ["loop", "migrate", "schema export", "schema asyncapi"])
def test_json_stands_before_or_after_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, before: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    asked = ["--json", *command.split()] if before else [*command.split(), "--json"]
    said = CliRunner().invoke(app, ["--data", str(tmp_path / "data"), *asked])
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("schema export --out", "file"),
        ("schema export --out", "file/below"),
        ("schema asyncapi --out", "folder"),
        ("schema asyncapi --out", "gone/below"),
        ("loop --write", "folder"),
        ("loop --write", "gone"),
        ("loop --write", "file"),
    ],
)
def test_a_file_that_cannot_be_read_or_written_is_refused_in_a_line(
    tmp_path: Path, command: str, place: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"\xff is no UTF-8")
    said = CliRunner().invoke(app, [*command.split(), str(tmp_path / place), "--json"])
    assert said.exit_code == 2, said.output
    assert json.loads(said.stderr)["value"] == str(tmp_path / place)


@pytest.mark.parametrize("command", OWN_OUTPUT)
def test_commands_without_a_result_refuse_json_and_say_why(tmp_path: Path, command: str) -> None:
    said = CliRunner().invoke(app, ["--data", str(tmp_path), command, "--json"])
    assert said.exit_code == 2
    assert "没有结果可报" in json.loads(said.stderr)["message"]
    assert not list(tmp_path.iterdir())


def test_an_address_that_nobody_is_there_to_type_is_asked_for_in_one_line(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["--data", str(tmp_path), "move", "--json"], input="")
    assert said.exit_code == 2
    assert "没有写 PostgreSQL 的地址" in json.loads(said.stderr)["message"]


@pytest.mark.parametrize(
    "terminal",
    [
        {"PYTHONIOENCODING": "gbk"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["gbk", "ascii", "posix"],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_command_ends_because_a_terminal_lacks_a_character(
    tmp_path: Path, terminal: dict[str, str], form: str
) -> None:
    asked = ["report", "indicators", "--period", "2021Q3", "--format", form]
    said = subprocess.run(
        [*CLI, *asked, "--data", str(tmp_path)],
        env={**os.environ, "PYTHONUTF8": "0", **terminal},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, b"")
    assert b"|" not in said.stdout
    if form == "json":
        encoding = "gbk" if terminal.get("PYTHONIOENCODING") == "gbk" else "utf-8"
        shown = json.loads(said.stdout.decode(encoding))
        assert shown["figures"][0]["name"] == "评价率"


def test_the_program_tells_its_release() -> None:
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.stdout) == (0, f"bihuan {version('bihuan')}\n")


def test_what_cannot_be_shown_is_spelt_as_json_spells_it() -> None:
    assert "−😀".encode("gbk", SPELT) == b"\\u2212\\ud83d\\ude00"


def test_the_figures_own_words_are_shown_on_a_chinese_terminal() -> None:
    for formula in FORMULAS.values():
        for field in fields(formula):
            str(getattr(formula, field.name)).encode("gbk")
