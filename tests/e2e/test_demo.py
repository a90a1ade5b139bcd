"""The demo as a user starts it, built once: what it printed, what it left behind, and that its
figures stand nowhere but in what the generator reads.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from kills import WHOLE
from typer.testing import CliRunner

from console.cli import app
from console.demo.acts.killing import killed
from console.demo.cli import SEED
from workflow.states import STATE_NAMES, State

ROOT = Path(__file__).parents[2]
ANNEX3 = (ROOT / "tests" / "data" / "annex3_township_2021.csv").read_text(encoding="utf-8")
ANNEX4 = (ROOT / "tests" / "data" / "annex4_departments_2021Q3.csv").read_text(encoding="utf-8")
TO_ANNEX3 = "report annex3 --from 2021-05 --to 2021-09 --format csv"
TO_ANNEX4 = "report annex4 --period 2021Q3 --format csv"
BIHUAN = Path(sys.executable).with_name("bihuan")
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("BIHUAN_")}


@dataclass(frozen=True)
class Demo:
    """The finished demo: its folder, and what it printed."""

    folder: Path
    out: str

    @property
    def desk(self) -> Path:
        return self.folder / "desk"


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """Built by the command itself, with nobody at a terminal; once, as `make test` gives all tests
    of a file to one worker.
    """
    with tempfile.TemporaryDirectory(prefix="bihuan-demo-") as place:
        done = subprocess.run(
            [BIHUAN, "demo"],
            cwd=place,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        yield Demo(Path(place) / "demo", done.stdout)


@pytest.fixture
def bihuan(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """What a command prints, given where the demo was given."""
    monkeypatch.chdir(demo.folder.parent)

    def said(line: str) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app(shlex.split(line))
        assert ended.value.code == 0, line
        return capsys.readouterr().out

    return said


def asked(folder: Path, query: str, *given: Any) -> list[tuple[Any, ...]]:
    """What the database of a folder answers."""
    with closing(sqlite3.connect(f"file:{folder / 'bihuan.db'}?mode=ro", uri=True)) as conn:
        return conn.execute(query, given).fetchall()


def number(pattern: str, text: str) -> int:
    """The one number at the place of the group."""
    (found,) = re.findall(pattern, text)
    return int(found.replace(",", ""))


def micros(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+08:00").timestamp()) * 1_000_000


# what it printed


def test_it_is_told_in_eight_acts_and_called_synthetic_before_anything_is_shown(
    demo: Demo,
) -> None:
    acts = [demo.out.index(f"\n{number}、") for number in "一二三四五六七八"]
    assert acts == sorted(acts)
    assert acts[0] < demo.out.index("【合成数据】") < acts[1]
    assert "Traceback" not in demo.out


def test_an_address_that_others_could_open_is_refused_before_anything_is_wiped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played: list[Path] = []
    monkeypatch.setattr("console.demo.playing.play", lambda folder, *_: played.append(folder))
    for more in ([], ["--desk"]):
        given = ["demo", *more, "--host", "0.0.0.0", "--data", str(tmp_path)]
        done = CliRunner().invoke(app, given)
        assert "只能开在本机" in f"{done.output}{done.exception}"
    assert not played


def test_everything_it_compares_comes_out_equal(demo: Demo) -> None:
    assert "✗" not in demo.out
    assert "≠" not in demo.out.split("\n六、")[1].split("附件3）")[1]
    assert "合计 442 / 442 格与通报相同" in demo.out


def test_its_intake_says_what_the_database_holds(demo: Demo) -> None:
    told = {
        name: number(rf"\n  {name} +([\d,]+)  ", demo.out)
        for name in ("新收", "重复", "冲突", "拒收")
    }
    kept = {
        name: asked(demo.folder, f"select count(*) from {name}")[0][0]
        for name in ("services", "ratings", "conflicts", "refused")
    }
    assert (kept["services"], kept["ratings"]) == (565_777, 548_317)
    assert told["新收"] == 565_777 + 548_317
    assert (told["冲突"], told["拒收"]) == (kept["conflicts"], kept["refused"])
    assert all(told.values())


def test_its_opening_complaint_is_that_of_the_quarter(
    demo: Demo, bihuan: Callable[[str], str]
) -> None:
    subject = re.findall(r"complaint show (CP21-\d+) ", demo.out)[0]
    steps = json.loads(bihuan(f"complaint show {subject} --json --data demo"))["timeline"]
    lived = [
        (datetime.fromisoformat(step["recorded"]).strftime("%-m-%d %H:%M"), step["label"])
        for step in steps
    ]
    act = demo.out.split("\n二、")[1].split("\n三、")[0]
    told = re.findall(r"^.{4,8} (\d+-\d\d)\(.\)(\d\d:\d\d)  (\S+)", act, re.MULTILINE)
    assert [(f"{day} {time}", label) for day, time, label in told] == lived


def test_its_limit_skips_the_holiday_and_counts_the_make_up_day(demo: Demo) -> None:
    days = re.findall(r"^ +(9-\d\d) 周.  (第\d天|不计)", demo.out, re.MULTILINE)
    counted = [day for day, mark in days if mark != "不计"]
    assert counted == ["9-17", "9-18", "9-22", "9-23", "9-24"]
    assert [day for day, mark in days if mark == "不计"] == ["9-16", "9-19", "9-20", "9-21"]


def test_every_command_it_recommends_can_be_given(demo: Demo, bihuan: Callable[[str], str]) -> None:
    lines = re.findall(r"^    uv run bihuan (.+)$", demo.out, re.MULTILINE)
    assert len(lines) == 9
    for line in lines:
        # The check of the whole quarter is made below; the desk is sat down at in a browser.
        if not line.startswith(("check", "demo --desk")):
            assert bihuan(line), line


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_front_page_shows_lines_that_it_prints(demo: Demo, name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    excerpt = page.split("```text\n")[1].split("```")[0]
    printed = [line.rstrip() for line in demo.out.splitlines()]
    assert [line for line in excerpt.splitlines() if line not in printed] == []


# the quarter it left behind


def test_the_annexes_are_the_circulars(bihuan: Callable[[str], str]) -> None:
    assert bihuan(f"{TO_ANNEX3} --data demo") == ANNEX3
    assert bihuan(f"{TO_ANNEX4} --data demo") == ANNEX4


def test_the_figures_of_the_text(bihuan: Callable[[str], str]) -> None:
    found = json.loads(bihuan("report indicators --period 2021Q3 --json --data demo"))
    assert (found["M"], found["D"], found["T"]) == (421_714, 67, 10)
    assert (found["synthetic"], found["events_behind"]) == (True, 0)
    assert found["A"] is None, "M/A is not shown where a service a rating was assumed"
    figures = {figure["id"]: (figure["n"], figure["d"]) for figure in found["figures"]}
    assert figures["invalid_share"] == (57, 67)
    assert figures["callback"] == figures["rectified"] == (10, 10)
    assert figures["rectify"] == figures["satisfied_final"] == (10, 10)


def test_every_complaint_came_to_the_end_the_circular_tells_of(demo: Demo) -> None:
    ends: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    query = """
        select u.tier = '部门', e.type, json_extract(e.data, '$.verdict'),
               json_extract(e.data, '$.ground')
        from events e join complaints c on c.id = e.subject and c.version = e.version
        join units u on u.code = c.handled_by
    """
    for department, kind, verdict, ground in asked(demo.folder, query):
        ends[bool(department)][ground or verdict or kind] += 1
    assert ends[True] == {
        "misoperation": 52,
        "duplicate": 3,
        "out_of_scope": 2,
        "ComplaintReevaluated": 10,
    }
    assert ends[False].total() == 49
    assert ends[False]["ComplaintReevaluated"] == 1
    assert asked(demo.folder, "select count(*) from complaints where ended_at is null") == [(0,)]


def test_three_days_instead_of_five_would_have_been_late_at_least_twice(
    demo: Demo, bihuan: Callable[[str], str]
) -> None:
    ask = 'report whatif --period 2021Q3 --set "rectify=3 working days" --json --data demo'
    found = json.loads(bihuan(ask))
    assert found["before"]["n"] == found["before"]["d"] == 10
    late = found["newly_late"]
    assert len(late) >= 2
    assert found["after"]["n"] == 10 - len(late)
    assert re.findall(r"^(CP21-\d+) .*将逾期", demo.out, re.MULTILINE) == late


# the desk it left behind


def test_the_desk_stands_on_a_friday_at_nine(demo: Demo) -> None:
    stands = "select value from sequences where name = 'standing_clock'"
    assert asked(demo.desk, stands) == [(micros("2021-10-22T09:00:00"),)]
    first = "select min(assessed_at), max(received_at) from ratings"
    ((earliest, latest),) = asked(demo.desk, first)
    assert earliest >= micros("2021-10-08T00:00:00")
    assert latest < micros("2021-10-22T09:00:00")


def test_the_desk_has_a_dozen_complaints_across_every_stage(demo: Demo) -> None:
    states = Counter(state for (state,) in asked(demo.desk, "select state from complaints"))
    at_once = {State.COLLECTED, State.ANALYSED}
    assert set(states) == {state.value for state in STATE_NAMES if state not in at_once}
    assert 12 <= states.total() <= 15


def test_some_of_the_desks_limits_are_red_and_some_yellow(demo: Demo) -> None:
    cards: dict[str, set[str]] = {"yellow": set(), "red": set()}
    query = """
        select e.subject, json_extract(e.data, '$.card') from events e
        join complaints c on c.id = e.subject
        where e.type = 'DeadlineWarned' and c.ended_at is null
        and json_extract(c.fold, '$.limits.' || json_extract(e.data, '$.limit')) is not null
    """
    for subject, card in asked(demo.desk, query):
        cards[card].add(subject)
    assert len(cards["red"]) >= 2
    assert len(cards["yellow"] - cards["red"]) >= 2


def test_exactly_one_of_the_desks_records_is_parked_and_says_why(
    bihuan: Callable[[str], str],
) -> None:
    (parked,) = json.loads(bihuan("parked list --json --data demo/desk"))
    assert (parked["consumer"], parked["status"]) == ("notifications", "parked")
    assert "短信网关拒收" in parked["error"]
    place = f"{parked['consumer']} {parked['lane']} {parked['pos']}"
    assert f"重试：bihuan parked retry {place}" in bihuan("parked list --data demo/desk")


def test_the_desk_is_whole_and_its_reports_say_synthetic(bihuan: Callable[[str], str]) -> None:
    assert bihuan("check --data demo/desk")
    assert "合成数据" in bihuan("report indicators --period 2021Q4 --data demo/desk")


# the kill


def test_a_process_killed_in_mid_batch_kept_what_it_acknowledged_and_no_more(
    tmp_path: Path,
) -> None:
    acks = tmp_path / "acknowledged"
    assert killed(tmp_path, acks, SEED) == -signal.SIGKILL
    acknowledged = [int(line) for line in acks.read_text(encoding="ascii").splitlines()]
    kept = "select (select count(*) from ratings) + (select count(*) from services)"
    assert asked(tmp_path, kept) == [(sum(acknowledged),)]
    batches = "select count(*) from events where type = 'BatchCollected'"
    assert asked(tmp_path, batches) == [(len(acknowledged),)]
    assert min(len(acknowledged), sum(acknowledged)) > 0


def test_what_was_killed_goes_on_where_it_was(demo: Demo) -> None:
    act = demo.out.split("kill -9")[-1].split("\n六、")[0]
    acknowledged = number(r"已答复并落盘 ([\d,]+) 行", demo.out)
    again = re.search(r"重复 ([\d,]+) 行，新收 ([\d,]+) 行，\s*共 ([\d,]+) 行", act)
    assert again is not None
    repeats, fresh, in_all = (int(text.replace(",", "")) for text in again.groups())
    assert number(r"库里 ([\d,]+) 行：", act) == acknowledged == repeats > 0
    assert repeats + fresh == in_all == number(r"应有 ([\d,]+) 行", act)


# no sham


GIVEN = """
import pathlib, shlex, sys
import console.demo.generator
from console.cli import app
print(pathlib.Path(console.__file__).parents[1])
try:
    console.demo.generator.Quarter()
except FileNotFoundError:
    print("no totals")
for line in sys.argv[1:]:
    print("%%")
    try:
        app(shlex.split(line))
    except SystemExit as ended:
        if ended.code:
            raise
"""
"""Commands given to the product as it lies there, each answer under a mark of its own."""


class Stripped:
    """The product without the circular's totals, and a copy of the finished demo to work on."""

    def __init__(self, place: Path, finished: Path) -> None:
        self.tree, self.data = place / "tree", place / "data"
        for name in ("schemas", "workflow", "consumers", "producers", "console"):
            shutil.copytree(ROOT / name, self.tree / name)
        (self.tree / "console" / "demo" / "totals.toml").unlink()
        shutil.rmtree(self.tree / "console" / "demo" / "circular")
        shutil.copytree(finished, self.data, ignore=shutil.ignore_patterns("desk"))

    def bihuan(self, *lines: str) -> list[str]:
        """What each of the commands prints; each of them must succeed."""
        done = subprocess.run(
            [sys.executable, "-c", GIVEN, *(f"{line} --data {self.data}" for line in lines)],
            cwd=self.tree,
            env={**ENVIRONMENT, "PYTHONPATH": str(self.tree)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        head, *answers = done.stdout.split("%%\n")
        assert head.split("\n") == [str(self.tree), "no totals", ""]
        return answers

    def file(self, number: str, level: int, reason: str = "") -> Path:
        """One service, and its rating, of the townships of Linzi in August."""
        file = self.tree / f"{number}.csv"
        unit = "临淄区镇（街道）,临淄区"
        file.write_text(
            "类别,办件编号,服务时间,评价时间,单位名称,行政区划,满意度,评价原因,手机号\n"
            f"办件,{number},2021-08-17 10:00:00,,{unit},,,\n"
            f"评价,{number},,2021-08-17 10:05:00,{unit},{level},{reason},19900007654\n",
            encoding="utf-8",
        )
        return file


@pytest.fixture
def stripped(demo: Demo) -> Iterator[Stripped]:
    with tempfile.TemporaryDirectory(prefix="bihuan-stripped-") as place:
        yield Stripped(Path(place), demo.folder)


CELL = re.compile(r"^(临淄区,2021-08),(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)$", re.MULTILINE)


def with_more(annex3: str, services: int, ratings: int, bad: int) -> str:
    """Annex 3 with so many more in the one cell, and the percentage that follows."""

    def more(cell: re.Match[str]) -> str:
        a, m, p, _, d, t = map(int, cell.groups()[1:])
        a, m, d = a + services, m + ratings, d + bad
        return f"{cell[1]},{a},{m},{p},{(200 * p + m) // (2 * m)},{d},{t}"

    changed, times = CELL.subn(more, annex3)
    assert times == 1
    return changed


@pytest.mark.guarantee("G7")
def test_the_figures_are_counted_and_never_looked_up(stripped: Stripped) -> None:
    good = f"import {stripped.file('LZ-GOOD-1', 5)} --source bihuan --json"
    bad = f"import {stripped.file('LZ-BAD-1', 1, '109')} --source bihuan --json"
    taken, *annexes = stripped.bihuan(good, TO_ANNEX3, TO_ANNEX4)
    assert json.loads(taken)["accepted"] == 2
    assert annexes == [with_more(ANNEX3, 1, 1, 0), ANNEX4]

    taken, queue = stripped.bihuan(bad, "queue operator --json")
    assert (json.loads(taken)["accepted"], json.loads(taken)["complaints"]) == (2, 1)
    (waiting,) = json.loads(queue)
    _, _, _, *annexes = stripped.bihuan(
        f"hotline claim {waiting['id']} --as 话务员01",
        f"hotline call {waiting['id']} --outcome answered --as 话务员01",
        f"hotline dismiss {waiting['id']} --verdict invalid --ground misoperation --note 点错了"
        " --as 话务员01",
        TO_ANNEX3,
        TO_ANNEX4,
    )
    assert annexes == [with_more(ANNEX3, 2, 2, 1), ANNEX4]
    if WHOLE:
        assert "核对无误" in stripped.bihuan("check")[0]
