"""The table by bus and storage: a test is counted wherever it ran, a column left empty fails."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from matrix import COLUMNS, EMPTY, Matrix

WHOLE = pytest.Config.ArgsSource.TESTPATHS
GATE = Path(__file__).resolve().parents[2] / ".ci" / "run"
AT_HAND = ("git", "kcat", "chromium", "docker", "uv")


def run(columns, source=WHOLE, keyword="", kept=None, code=pytest.ExitCode.OK):
    """A run in which one test passed in each of these columns: its exit code, and what it tells.
    `kept` is its cache; `code` what it came to otherwise.
    """
    option = SimpleNamespace(keyword=keyword, markexpr="", collectonly=False)
    matrix = Matrix(SimpleNamespace(args_source=source, option=option))
    for column in columns:
        said = [("column", column), ("kills", {"relay": 2})]
        for when in ("setup", "call", "teardown"):
            report = SimpleNamespace(user_properties=said, when=when, outcome="passed")
            matrix.pytest_runtest_logreport(report)
    cache = None if kept is None else SimpleNamespace(set=kept.__setitem__)
    session = SimpleNamespace(exitstatus=code, config=SimpleNamespace(cache=cache))
    lines = []
    matrix.pytest_sessionfinish(session)
    told = SimpleNamespace(section=lines.append, write_line=lambda line, **_: lines.append(line))
    matrix.pytest_terminal_summary(told)
    return session.exitstatus, lines


@pytest.fixture(autouse=True)
def required(monkeypatch):
    monkeypatch.setenv("REQUIRE_SERVICES", "1")


def test_each_test_counts_once_in_its_column():
    code, lines = run(COLUMNS)
    assert code == pytest.ExitCode.OK
    assert lines[2].split() == ["embedded-sqlite", "1", "0", "0"]
    assert lines[-1] == "8 rounds of kills: relay 8"


def test_a_column_in_which_nothing_ran_fails_the_whole_run():
    code, lines = run(COLUMNS[:3])
    assert code == pytest.ExitCode.TESTS_FAILED
    assert lines[-1] == "nothing ran on kafka-postgresql"


@pytest.mark.parametrize("part", [{"source": pytest.Config.ArgsSource.ARGS}, {"keyword": "relay"}])
def test_who_asked_for_some_tests_is_not_blamed_for_the_others(part):
    assert run(COLUMNS[:1], **part)[0] == pytest.ExitCode.OK


def test_nor_is_who_has_no_servers(monkeypatch):
    monkeypatch.delenv("REQUIRE_SERVICES")
    assert run(COLUMNS[:1])[0] == pytest.ExitCode.OK


def test_an_empty_column_is_told_and_noted_beside_what_failed_until_a_whole_run_has_none():
    kept = {}
    code, lines = run(COLUMNS[:3], kept=kept, code=pytest.ExitCode.TESTS_FAILED)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert lines[-1] == "nothing ran on kafka-postgresql"
    assert kept == {EMPTY: ["kafka-postgresql"]}
    run(COLUMNS[:1], source=pytest.Config.ArgsSource.ARGS, kept=kept)
    assert kept == {EMPTY: ["kafka-postgresql"]}, "the second try of what failed says nothing"
    run(COLUMNS, kept=kept)
    assert kept == {EMPTY: []}


@pytest.mark.parametrize(("empty", "code"), [([], 0), (["kafka-postgresql"], 1)])
def test_the_gate_forgives_what_passes_alone_but_no_empty_column(tmp_path, empty, code):
    """The gate itself; the tests fail the first time, and the second time they pass."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(GATE, tmp_path / ".ci")
    note = tmp_path / ".pytest_cache" / "v" / EMPTY
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps(empty))
    programs = tmp_path / "programs"
    programs.mkdir()
    said = dict.fromkeys(AT_HAND, "exit 0") | {"fc-list": "echo x", "make": '[ "$1" != test ]'}
    for name, does in said.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    around = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        [tmp_path / ".ci" / "run"], env=around, check=False, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
