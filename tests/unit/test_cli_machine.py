"""The command line on terminals that lack characters, and for machines."""

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from console.cli_root import SPELT
from workflow.formulas import FORMULAS

CLI = [sys.executable, "-c", "from console.cli import main; main()"]


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
    if form == "json":
        encoding = "gbk" if terminal.get("PYTHONIOENCODING") == "gbk" else "utf-8"
        shown = json.loads(said.stdout.decode(encoding))
        assert shown["figures"][0]["name"] == "评价率"


def test_what_cannot_be_shown_is_spelt_as_json_spells_it() -> None:
    assert "−😀".encode("gbk", SPELT) == b"\\u2212\\ud83d\\ude00"


def test_the_figures_own_words_are_shown_on_a_chinese_terminal() -> None:
    for formula in FORMULAS.values():
        for field in fields(formula):
            str(getattr(formula, field.name)).encode("gbk")
