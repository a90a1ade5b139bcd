"""`make up` after the first day: an empty queue is no error, and no synthetic quarter goes into an
office that has ratings. Docker is played by a script that answers as told.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKER = r"""#!/bin/sh
echo "$*" >>"$PLAYED/asked"
case "$*" in
  *queue*) [ -s "$PLAYED/queue" ] && cat "$PLAYED/queue" || echo '[]' ;;
  *get-offsets*) cat "$PLAYED/offsets" ;;
  *printenv\ BIHUAN_KAFKA) echo "${BIHUAN_KAFKA:-kafka:9092}" ;;
  *printenv*) echo ;;
  *psql*lanes*)
    [ -s "$PLAYED/taken" ] || echo '7|0' >"$PLAYED/taken"
    head -n 1 "$PLAYED/taken" && sed -i 1d "$PLAYED/taken" ;;
  *psql*) cat "$PLAYED/stored" ;;
  *console-producer*) cat >>"$PLAYED/sent" ;;
  *sample*) echo '{}' ;;
esac
"""
WAITING = '[{"id": "CP26-0001", "state": "VERIFYING"}, {"id": "CP26-0002", "state": "VERIFYING"}]'
NONE_YET = "ratings:0:0\nratings:1:0\n"


@pytest.fixture
def up(tmp_path: Path):
    """Runs `deploy/up` where the servers answer so; what it said, and what it sent."""
    for name, text in {"docker": DOCKER, "sleep": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    played = {"PLAYED": str(tmp_path), "BIHUAN_SECRETS": str(tmp_path / "secrets")}
    path = f"{tmp_path}:{os.environ['PATH']}"

    def run(*, queue="", offsets=NONE_YET, stored="f", taken="", **settings: str):
        told = {"queue": queue, "offsets": offsets, "stored": stored, "taken": taken}
        for name, text in told.items():
            (tmp_path / name).write_text(text)
        ended = subprocess.run(
            [ROOT / "deploy" / "up"],
            env=os.environ | played | {"PATH": path} | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout, (tmp_path / "sent").exists()

    return run


def test_the_first_time_the_sample_is_sent_and_the_first_complaint_shown(up, tmp_path):
    said, sent = up(queue=WAITING)
    assert sent
    assert "待核实 2 件" in said
    assert "complaint show CP26-0001" in (tmp_path / "asked").read_text()
    assert "hotline claim CP26-0001 --as" in said


def test_it_waits_until_no_more_come_and_nobody_is_behind(up):
    said, _ = up(queue=WAITING, taken="0|0\n0|0\n5|3\n5|3\n7|0\n")
    told = ["0", "0", "5", "5", "7", "7"]
    assert said.count("已归集") == len(told)
    assert [line.split()[1] for line in said.splitlines() if "已归集" in line] == told


def test_where_nothing_comes_to_be_verified_it_ends_all_the_same(up):
    said, sent = up()
    assert sent
    assert "待核实 0 件" in said
    assert "hotline claim 件号 --as" in said


@pytest.mark.parametrize(
    "there",
    [
        {"offsets": "".join(f"ratings:{n}:7\n" for n in range(9000))},
        {"stored": "t"},
        {"BIHUAN_KAFKA": "k1:9093", "offsets": ""},
    ],
)
def test_an_office_that_has_ratings_or_a_broker_of_its_own_is_sent_none(up, there):
    said, sent = up(**there)
    assert not sent
    assert "已有评价" in said
    assert "停下" in said
