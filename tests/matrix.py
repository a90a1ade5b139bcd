"""The table of stories by bus and storage at the end of a run. Where the services are required, a
column in which nothing ran fails the run, and the gate too, whatever else failed and is forgiven.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

COLUMNS = ("embedded-sqlite", "embedded-postgresql", "kafka-sqlite", "kafka-postgresql")
OUTCOMES = ("passed", "skipped", "failed")


EMPTY = "matrix/empty"
"""Where the cache keeps the columns in which nothing ran in the last whole run: `.ci/run` looks."""


class Matrix:
    """Counts what each test came to, wherever it ran: reports carry their column with them."""

    def __init__(self, config: pytest.Config) -> None:
        self._counted: dict[str, Counter[str]] = {name: Counter() for name in COLUMNS}
        self._kills: Counter[str] = Counter()
        self._whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (
            config.option.keyword or config.option.markexpr or config.option.collectonly
        )
        self._worker = hasattr(config, "workerinput")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if (column := column_of(item)) is not None:
                item.user_properties.append(("column", column))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said = dict(report.user_properties)
        if "column" in said and (report.when == "call" or report.outcome != "passed"):
            self._counted[str(said["column"])][report.outcome] += 1
        if report.when == "call" and "kills" in said:
            self._kills += Counter(said["kills"])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._worker or not self._whole:
            return
        if (cache := getattr(session.config, "cache", None)) is not None:
            cache.set(EMPTY, self._empty)
        if self._empty and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if any(self._counted.values()):
            terminalreporter.section("bus and storage")
            terminalreporter.write_line(f"{'':22}" + "".join(f"{name:>9}" for name in OUTCOMES))
            for column, counts in self._counted.items():
                numbers = "".join(f"{counts[outcome]:9}" for outcome in OUTCOMES)
                terminalreporter.write_line(f"{column:22}{numbers}")
        if self._kills:
            each = ", ".join(f"{name} {count}" for name, count in self._kills.most_common())
            terminalreporter.write_line(f"{self._kills.total()} rounds of kills: {each}")
        for column in self._empty:
            terminalreporter.write_line(f"nothing ran on {column}", red=True)

    @property
    def _empty(self) -> list[str]:
        """Columns in which nothing ran, where all of them were to."""
        if not self._whole or os.environ.get("REQUIRE_SERVICES") != "1":
            return []
        return [name for name, n in self._counted.items() if not n["passed"] + n["failed"]]


def column_of(item: pytest.Item) -> str | None:
    """None for a test that needs no database."""
    if (marker := item.get_closest_marker("column")) is not None:
        return str(marker.args[0])
    names: set[str] = set(getattr(item, "fixturenames", ()))
    given = item.callspec.params if hasattr(item, "callspec") else {}
    storage = given.get("storage") or ("postgresql" if {"postgres", "empty"} & names else None)
    if storage is None:
        return None
    over_kafka = given.get("bus") == "kafka" or {"broker", "kafka"} & names
    return f"{'kafka' if over_kafka else 'embedded'}-{storage}"
