"""The table by bus and storage: a test is counted wherever it ran, a column left empty fails."""

from types import SimpleNamespace

import pytest
from matrix import COLUMNS, Matrix

WHOLE = pytest.Config.ArgsSource.TESTPATHS


def run(columns, source=WHOLE, keyword=""):
    """A run in which one test passed in each of these columns: its exit code, and what it tells."""
    option = SimpleNamespace(keyword=keyword, markexpr="", collectonly=False)
    matrix = Matrix(SimpleNamespace(args_source=source, option=option))
    for column in columns:
        said = [("column", column), ("kills", {"relay": 2})]
        for when in ("setup", "call", "teardown"):
            report = SimpleNamespace(user_properties=said, when=when, outcome="passed")
            matrix.pytest_runtest_logreport(report)
    session, lines = SimpleNamespace(exitstatus=pytest.ExitCode.OK), []
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
