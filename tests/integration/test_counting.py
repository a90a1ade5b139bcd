"""统计: long counts in a process of their own say the same, and nobody waits for it for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing import active_children
from pathlib import Path

import pytest
from city import City, rating
from sqlalchemy import Connection, select

from console import counting
from console.counting import counted
from console.reports.periods import parse_period
from console.web.supervisors import figure_rows, figures, headline
from console.wiring import Office
from producers.supervisors.rules import revise_calendar
from workflow.errors import InvalidInput, Transient
from workflow.formulas import FORMULAS
from workflow.unit_files import of_table
from workflow.units import seed

ASK = figures.Ask(parse_period("2021Q3"), "部门", "张店区")


def asked_for(office: Office, conn: Connection, what: str) -> str:
    raise InvalidInput("period", what, "没有这个季度")


def in_force(office: Office, conn: Connection) -> tuple[str, int]:
    return office.units.version, office.rulebook.revisions


def counter(office: Office, conn: Connection) -> int:
    """Who counts."""
    return os.getpid()


def deadly(office: Office, conn: Connection) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def endless(office: Office, conn: Connection, told: str) -> None:
    Path(told).write_text(str(os.getpid()))
    time.sleep(600)


def slow(office: Office, conn: Connection) -> str:
    time.sleep(2.5)
    return "done"


def broken(office: Office, conn: Connection) -> None:
    raise KeyError("nothing of the kind")


def reckons_long(office: Office, conn: Connection) -> int:
    """Or might: a server ends nobody's transaction of that kind."""
    if conn.dialect.name == "postgresql":
        waits = conn.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
        assert waits == "0"
    return conn.execute(select(1)).scalar_one()


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store is."""
    monkeypatch.setattr(counting, "LARGE", -1)


def some_complaints(city: City) -> None:
    for number in range(3):
        subject = city.portal.bad_review(f"B{number}")
        city.hotline.receives(subject)
        city.hotline.confirms(subject)
        city.hotline.assigns(subject)
        city.department.acknowledges(subject)
    city.portal.sends(rating("GOOD", 5))
    city.travel("2021-10-08T09:00:00+08:00")
    city.drain()


def test_a_small_office_has_no_second_process(city: City) -> None:
    some_complaints(city)
    with city.office.database.read() as conn:
        assert figures.sheet(city.office, conn, ASK).units
        assert counted(city.office, conn, counter) == os.getpid()
    assert active_children() == []


@pytest.mark.usefixtures("large")
def test_the_second_process_says_what_the_first_would(city: City) -> None:
    some_complaints(city)
    office, now = city.office, city.clock()
    verify = FORMULAS["verify"]
    with office.database.read() as conn:
        assert counted(office, conn, counter) not in (os.getpid(), 0)
        sheet = figures.sheet(office, conn, ASK)
        assert sheet == figures._sheet(office, conn, ASK, now)
        rows = figure_rows.rows(office, conn, ASK, verify)
        assert rows == figure_rows._rows(office, conn, ASK, verify, now)
        line, period = headline.headline(office, conn), headline.quarter_at(office, now)
        assert line == headline._read(office, conn, period, now)
    rate = next(f.rate for f in sheet.indicators.figures if f.formula.id == "verify")
    assert rate.denominator == sum(row.rate.denominator for row in rows) == 3


@pytest.mark.usefixtures("large")
def test_what_the_office_decides_meanwhile_is_seen_and_a_refusal_heard(city: City) -> None:
    office = city.office
    with office.database.read() as conn:
        before = counted(office, conn, in_force)
        with pytest.raises(InvalidInput, match="没有这个季度") as refusal:
            counted(office, conn, asked_for, "2021Q9")
        process = counted(office, conn, counter)
    assert (refusal.value.field, refusal.value.value) == ("period", "2021Q9")
    listed = [[u.code, u.name, u.area, u.tier] for u in office.units.units]
    rows = list(enumerate(listed, start=2))
    with office.database.write() as conn:
        seed(conn, of_table(["代码", "名称", "区县", "层级"], rows, "v2"))
    given = {"version": "1011", "notice": "通知", "off": ["2021-10-11"]}
    revise_calendar(city.office.ledger, account="监督01", **given)
    with office.database.read() as conn:
        assert counted(office, conn, in_force) == ("v2", before[1] + 1)
        assert counted(office, conn, counter) == process, "neither a refusal nor news ends it"


@pytest.mark.usefixtures("large")
def test_a_process_that_died_is_begun_again(city: City) -> None:
    office = city.office
    with office.database.read() as conn:
        first = counted(office, conn, counter)
        os.kill(first, signal.SIGKILL)
        second = counted(office, conn, counter)
        assert second != first, "it died of nothing that was asked now: nobody hears of it"
        with pytest.raises(Transient, match="统计进程意外中止"):
            counted(office, conn, deadly)
        assert counted(office, conn, counter) != second


@pytest.mark.usefixtures("large")
def test_a_count_that_fails_is_an_error_and_the_process_goes_on(city: City) -> None:
    with city.ledger.database.read() as conn:
        before = counted(city.office, conn, counter)
        with pytest.raises(RuntimeError, match="KeyError"):
            counted(city.office, conn, broken)
        assert counted(city.office, conn, counter) == before


@pytest.mark.usefixtures("large")
def test_a_count_may_reckon_for_longer_than_a_server_waits(city: City) -> None:
    with city.ledger.database.read() as conn:
        assert counted(city.office, conn, reckons_long) == 1


@pytest.mark.usefixtures("large")
def test_a_process_that_stands_still_is_waited_for_no_longer(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "HOLD_EVERY", 0.05)
    with city.office.database.read() as conn:
        counter_there = counted(city.office, conn, counter)
        monkeypatch.setattr(counting, "LONGEST", 0.0)
        os.kill(counter_there, signal.SIGSTOP)
        with pytest.raises(Transient, match="统计进程意外中止"):
            counted(city.office, conn, endless, str(tmp_path / "told"))
    assert active_children() == []


@pytest.mark.usefixtures("large")
def test_who_waits_keeps_what_he_reads(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server ends a transaction in which nothing is asked."""
    monkeypatch.setattr(counting, "HOLD_EVERY", 0.2)
    with city.office.database.read() as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '1s'")
        assert counted(city.office, conn, slow) == "done"
        assert city.office.units.units


@pytest.mark.usefixtures("large")
def test_who_waits_is_told_when_the_office_closes(city: City, tmp_path: Path) -> None:
    office, told = city.office, tmp_path / "told"
    heard: list[str] = []

    def waits() -> None:
        with pytest.raises(Transient) as closed, office.database.read() as conn:
            counted(office, conn, endless, str(told))
        heard.append(str(closed.value))

    threads = [threading.Thread(target=waits) for _ in range(2)]
    for thread in threads:
        thread.start()
    written(told)
    office.counting.close()
    for thread in threads:
        thread.join(60)
    assert heard == [counting.CLOSED] * 2
    assert active_children() == []


def test_a_console_that_is_killed_leaves_no_process(folder: Path, tmp_path: Path) -> None:
    """In mid-count."""
    told = tmp_path / "told"
    console = subprocess.Popen(
        [sys.executable, "-c", _CONSOLE, str(folder), str(told)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    counter = int(written(told))
    os.kill(counter, 0)
    console.kill()
    console.wait()
    ended_by = time.monotonic() + 60
    while there(counter):
        assert time.monotonic() < ended_by, "it counts for nobody"
        time.sleep(0.05)


_CONSOLE = """
import sys
from pathlib import Path
from console import counting
from console.wiring import office
from test_counting import endless
counting.LARGE = -1
with office(Path(sys.argv[1])) as opened, opened.database.read() as conn:
    counting.counted(opened, conn, endless, sys.argv[2])
"""


def written(told: Path) -> str:
    until = time.monotonic() + 120
    while not (told.exists() and told.read_text()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return told.read_text()


def there(process: int) -> bool:
    """Whether it runs; one that has ended, and that nobody has looked after, does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
