"""The embedded database's file: SQLite's log is written back now and then, by who is patient."""

import subprocess
import sys
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from workflow.storage import sqlite
from workflow.storage.sqlite import SqliteDatabase, pages_in_log

ROW = text("INSERT INTO row VALUES (hex(randomblob(8000)))")
FEW = 40
"""Pages until they are written back: ten of these rows' commits."""


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", FEW)
    made = SqliteDatabase(tmp_path / "bihuan.db")
    with made.write() as conn:
        conn.execute(text("CREATE TABLE row (value)"))
    yield made
    made.close()


def left_after(database, commits, **how):
    """Pages to be written back, after each commit."""
    left = []
    for _ in range(commits):
        with database.write(**how) as conn:
            conn.execute(ROW)
        left.append(database.behind)
    return left


def test_the_log_is_written_back_once_it_is_long_and_not_at_every_commit_from_then_on(database):
    left = left_after(database, 60, patient=True)
    assert 0 < max(left) < FEW
    times = sum(after < before for before, after in pairwise(left))
    assert 2 < times < 12


def test_who_is_not_patient_leaves_it_to_the_others_unless_there_are_none(database):
    left = left_after(database, 60)
    assert FEW < max(left) < sqlite.AT_THE_LATEST * FEW
    assert min(left[20:]) < FEW


def test_it_can_wait_while_somebody_waits(database, monkeypatch):
    monkeypatch.setattr(type(database.turnstile), "awaited", property(lambda _: True))
    assert max(left_after(database, 60, patient=True)) > FEW


def test_a_database_nobody_has_open_has_none(tmp_path):
    assert pages_in_log(tmp_path / "bihuan.db") == 0


def test_an_error_never_quotes_what_a_statement_was_given(database):
    with pytest.raises(OperationalError) as failed, database.read() as conn:
        conn.execute(text("SELECT * FROM nowhere WHERE phone = :phone"), {"phone": "13800000000"})
    assert "nowhere" in str(failed.value)
    assert "13800000000" not in str(failed.value)


def test_looking_into_the_log_leaves_other_processes_locked_out(database):
    """A lock of this process is gone once it closes a file that SQLite has locked: another one
    would then take a database in use for one that nobody has open.
    """
    with database.write() as conn:
        conn.execute(ROW)
    with database.engine.begin() as conn:
        conn.execute(text("SELECT count(*) FROM row")).all()
        conn.execute(ROW)
        assert database.behind > 0
        other = "import sqlite3, sys; sqlite3.connect(sys.argv[1], 0.1).execute('BEGIN IMMEDIATE')"
        command = [sys.executable, "-c", other, str(database.path)]
        asked = subprocess.run(command, capture_output=True, check=False)
        assert b"database is locked" in asked.stderr
