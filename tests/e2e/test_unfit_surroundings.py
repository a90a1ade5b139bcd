"""What surrounds the database is not as it should be: plain answers, and nothing changed."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from city import OPERATOR, City, rating
from sqlalchemy import event

import schemas as s
from console.wiring import open_office
from workflow.errors import Unwritable, WrongKey

CLI = [sys.executable, "-c", "from console.cli import main; main()"]


def bihuan(folder: Path, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
    command = [*CLI, *words, "--data", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)  # type: ignore[call-overload,no-any-return]


def refused(folder: Path, code: int, words: str, **more: object) -> None:
    """One Chinese line on standard error, its exit code, and no traceback."""
    said = bihuan(folder, "parked", "list", **more)
    assert (said.returncode, said.stdout) == (code, ""), said.stderr
    assert words in said.stderr
    assert said.stderr.count("\n") == 1, said.stderr


def test_a_database_without_its_key_is_not_given_a_new_one(folder: Path) -> None:
    key = folder / "bihuan.key"
    kept = key.read_bytes()
    key.unlink()
    refused(folder, 8, "没有密钥文件")
    assert not key.exists()
    key.write_bytes(kept)
    open_office(folder).close()


def test_a_wrong_key_is_refused_before_anything_is_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "bihuan.db").read_bytes()
    (folder / "bihuan.key").write_text("ab" * 32)
    refused(folder, 8, "密钥与数据库不符")
    monkeypatch.setenv("BIHUAN_KEY", "cd" * 32)
    with pytest.raises(WrongKey):
        open_office(folder)
    assert (folder / "bihuan.db").read_bytes() == before


def test_one_damaged_seal_is_not_taken_for_a_wrong_key(folder: Path) -> None:
    _sql(folder, "UPDATE lanes SET seal = 'rubbish' WHERE lane <> 7")
    assert bihuan(folder, "check").returncode == 6


def test_a_database_of_a_later_release_is_left_alone(folder: Path) -> None:
    _sql(folder, "UPDATE alembic_version SET version_num = '9999'")
    refused(folder, 6, "来自更新的版本")


def test_a_file_that_is_no_database(folder: Path) -> None:
    (folder / "bihuan.db").write_bytes(b"no database at all, " * 500)
    refused(folder, 6, "数据有损坏")


def test_another_programs_database_is_left_alone(folder: Path) -> None:
    (folder / "bihuan.db").unlink()
    _sql(folder, "CREATE TABLE recipes (name TEXT)")
    refused(folder, 6, "别的程序的数据库")


def test_a_data_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    refused(tmp_path / "file", 9, "不能用")
    refused(tmp_path / "file" / "below", 9, "不能用")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        path.chmod(0o500)
    refused(folder, 9, "不能用")
    folder.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="as another user, which only root can become")
@pytest.mark.parametrize("words", [("parked", "list"), ("serve", "--port", "0"), ("demo",)])
def test_a_folder_of_somebody_elses(words: tuple[str, ...]) -> None:
    """Also before anything is in it."""
    theirs = Path(tempfile.mkdtemp(dir="/tmp"))
    theirs.chmod(0o555)
    said = bihuan(theirs, *words, user=65534, group=65534, extra_groups=[])
    theirs.rmdir()
    assert said.returncode == 9, said.stderr
    assert "没有权限" in said.stderr
    assert said.stderr.count("\n") == 1, said.stderr


@pytest.mark.guarantee("G9")
def test_a_full_disk_is_a_plain_answer_and_nothing_is_half_done(folder: Path) -> None:
    city = City(folder)
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    version = city.complaint(subject).version
    engine = city.office.database.engine
    engine.dispose()
    event.listen(engine, "connect", _no_room)
    with pytest.raises(Unwritable):
        _fill(city, subject)
    event.remove(engine, "connect", _no_room)
    engine.dispose()
    assert city.complaint(subject).version >= version
    assert city.damage() == []
    city.hotline.calls(subject)
    city.close()


def test_reactions_wait_for_room_and_nothing_is_parked(folder: Path) -> None:
    city = City(folder)
    for n in range(30):
        city.portal.sends(rating(f"F{n}", 1))
    engine = city.office.database.engine
    engine.dispose()
    event.listen(engine, "connect", _no_room)
    with pytest.raises(Unwritable):
        city.drain()
    event.remove(engine, "connect", _no_room)
    engine.dispose()
    assert city.drain()
    with city.office.database.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM parked").scalar() == 0
    assert city.damage() == []
    city.close()


@pytest.mark.long
@pytest.mark.guarantee("G9")
def test_a_file_that_may_not_grow_stops_an_import_between_two_batches(
    folder: Path, tmp_path: Path
) -> None:
    rows = "\n".join(
        f"P{n},1,1,区人社局,张店区,1,4,2021-09-16 09:30:00,又让我开证明,1990000{n:04d}"
        for n in range(3000)
    )
    head = "projectNo,serviceNumber,assessNumber,proDepart,areaName,satisfaction,pf,assessTime"
    head += ",writingEvaluation,mobile"
    file = tmp_path / "ratings.csv"
    file.write_text(f"{head}\n{rows}\n", encoding="utf-8")
    words = ("import", str(file), "--source", "bihuan", "--json")
    said = bihuan(folder, *words, preexec_fn=_small_files)
    assert said.returncode == 9, said.stderr
    assert "Traceback" not in said.stderr
    assert bihuan(folder, *words).returncode == 0
    city = City(folder)
    assert city.drain()
    assert city.damage() == []
    city.close()


def test_a_second_run_says_that_it_stands_by(folder: Path) -> None:
    def start() -> subprocess.Popen[str]:
        command = [*CLI, "run", "--no-console", "--data", str(folder)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    first = start()
    try:
        assert first.stdout is not None
        assert "运行中" in first.stdout.readline()
        _wait_for_the_lease(folder)
        second = start()
        assert second.stdout is not None
        assert "待命" in second.stdout.readline()
        second.send_signal(signal.SIGTERM)
        _, errors = second.communicate(timeout=60)
        assert (second.returncode, errors) == (0, "")
    finally:
        first.send_signal(signal.SIGTERM)
        _, errors = first.communicate(timeout=60)
    assert (first.returncode, errors) == (0, "")


@pytest.mark.parametrize("port", ["taken", "65536", "-1"])
def test_a_health_port_that_is_not_to_be_had_is_refused_before_anything_runs(
    folder: Path, port: str
) -> None:
    with socket.create_server(("", 0)) as taken:
        given = str(taken.getsockname()[1]) if port == "taken" else port
        said = bihuan(folder, "clock", "--health-port", given)
    assert (said.returncode, said.stdout) == (2, "")
    assert "这个端口用不了" in said.stderr
    assert said.stderr.count("\n") == 1, said.stderr


STOPPED = """
import os, signal, sys, threading
from console import processes

real = threading.Condition.__enter__

def entered(self):
    found = real(self)
    if sys._getframe(1).f_code.co_name == "wait" and threading.current_thread() is main:
        os.kill(os.getpid(), signal.SIGTERM)
    return found

def told():
    threading.Condition.__enter__ = entered
    late = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGTERM])
    late.daemon = True
    late.start()

main = threading.main_thread()
processes.serve([], [], None, told)
"""
"""The signal comes at the worst moment: while the main thread is about to wait, its lock held."""


def test_a_process_told_to_stop_at_the_worst_moment_stops() -> None:
    assert subprocess.run([sys.executable, "-c", STOPPED], timeout=10, check=False).returncode == 0


ENDED = """
import sys, threading
from types import SimpleNamespace
from console import processes
from workflow.bus.pulse import Pulse

processes.LOOKS = 3
stopped = threading.Event()
works = SimpleNamespace(run=stopped.wait, stop=stopped.set)
ends = SimpleNamespace(run=lambda: None, stop=lambda: None)
pulse = Pulse("clock")
if sys.argv[1] == "silent":
    pulse._at -= 1000
jobs = [works, ends] if sys.argv[1] == "ended" else [works]
processes.serve(jobs, [pulse], None, lambda: print("runs"))
"""


@pytest.mark.parametrize(("how", "said"), [("ended", "has ended"), ("silent", "heard of clock")])
def test_a_process_whose_job_goes_on_no_more_ends_to_be_started_again(how: str, said: str) -> None:
    command = [sys.executable, "-c", ENDED, how]
    ended = subprocess.run(command, timeout=20, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "runs\n")
    assert said in ended.stderr


def _fill(city: City, subject: str) -> None:
    for n in range(200):
        city.step(subject, s.TicketLinked, OPERATOR, ticket="T" * 100 + str(n))


def _wait_for_the_lease(folder: Path) -> None:
    for _ in range(200):
        with sqlite3.connect(folder / "bihuan.db") as conn:
            if conn.execute("SELECT count(*) FROM leases WHERE name = 'runner'").fetchone()[0]:
                return
        signal.sigtimedwait((), 0.05)
    raise AssertionError("nobody took the lease")


def _sql(folder: Path, statement: str) -> None:
    conn = sqlite3.connect(folder / "bihuan.db")
    conn.execute(statement)
    conn.commit()
    conn.close()


def _no_room(dbapi: sqlite3.Connection, _record: object) -> None:
    """The disk is full at the size the file has now."""
    (pages,) = dbapi.execute("PRAGMA page_count").fetchone()
    dbapi.execute(f"PRAGMA max_page_count={pages}")


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, 900_000))
