"""The command line as people and machines use it: a complaint round the loop, refusals, exit
codes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from city import City

from console.cli import app
from console.cli_doors import GROUPS, HELP, command_name
from console.cli_help import width
from console.refusals import EXITS
from workflow import links
from workflow.door import DOORS

UNIT = "区人社局"
MACHINES = ("<str>", "<path>", "<int", "list[", "OPTIONS", "ARGS", "FILE", "FOLDER", "HOST", "PORT")
"""What a program calls its values, and its user does not."""

FEEDBACK = "--facts 多要证明 --cause 不熟 --measures 已培训 --reply 致歉 --signed-by 科长"


@dataclass
class Said:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def bihuan(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs one command on this test's folder."""

    def run(*words: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            app([*" ".join(words).split(), "--data", str(folder)])
        said = capsys.readouterr()
        return Said(int(str(ended.value.code)), said.out, said.err)

    return run


@pytest.fixture
def subject(folder: Path) -> Iterator[str]:
    """A bad rating, waiting for the hotline."""
    city = City(folder)
    yield city.portal.bad_review("我是群众甲，电话19900001234，又让我开证明")
    city.close()


@pytest.fixture
def verifying(bihuan: Callable[..., Said], subject: str) -> str:
    """The same after any command has let the reactions run."""
    assert bihuan("hotline link-ticket", subject, "--ticket 12345-1 --as 话务员01").code == 0
    return subject


# a complaint round the loop


def test_a_complaint_goes_round_by_commands(bihuan: Callable[..., Said], verifying: str) -> None:
    c = verifying
    waiting = bihuan("queue operator --json").json
    assert [(row["id"], row["task"], row["holder"]) for row in waiting] == [
        (c, "核实", "热线，未认领")
    ]
    for words in (
        f"hotline claim {c} --as 话务员01",
        f"hotline call {c} --outcome answered --note 确有其事 --as 话务员01",
        f"hotline confirm {c} --reason-code 109 --case-class clear --as 话务员01",
    ):
        assert bihuan(words).code == 0
    assert [row["order"] for row in bihuan(f"queue department --unit {UNIT} --json").json] == [
        "GD21-0001-1"
    ]
    assert bihuan(f"department acknowledge {c} --unit {UNIT} --as 经办01").code == 0
    assert bihuan(f"department submit {c} --unit {UNIT} --as 经办01", FEEDBACK).code == 0
    accepted = bihuan(f"hotline accept-feedback {c} --as 话务员01 --json").json
    assert accepted["state"] == "REEVALUATING"
    assert "reevaluate" in accepted["limits"]
    assert bihuan(f"hotline call {c} --outcome answered --as 话务员01").code == 0
    closed = bihuan(f"hotline reevaluate {c} --level 5 --solved --as 话务员01")
    assert "办结" in closed.out
    shown = bihuan(f"complaint show {c} --json").json
    assert (shown["state"], shown["about"]["结果"]) == ("CLOSED", "群众满意")
    assert bihuan("queue operator").out.strip() == "没有待办"
    assert bihuan("check").code == 0


def test_reactions_run_although_nothing_else_does(
    bihuan: Callable[..., Said], subject: str
) -> None:
    before = bihuan(f"complaint show {subject} --json").json
    bihuan(f"hotline link-ticket {subject} --ticket 12345-1 --as 话务员01")
    after = bihuan(f"complaint show {subject} --json").json
    assert (before["state"], after["state"]) == ("COLLECTED", "VERIFYING")


def test_a_citizen_answers_by_his_link(
    bihuan: Callable[..., Said], verifying: str, folder: Path
) -> None:
    c = verifying
    bihuan(f"hotline call {c} --outcome answered --as a")
    bihuan(f"hotline confirm {c} --reason-code 109 --case-class clear --as a")
    bihuan(f"department acknowledge {c} --unit {UNIT} --as h")
    bihuan(f"department submit {c} --unit {UNIT} --as h", FEEDBACK)
    bihuan(f"hotline accept-feedback {c} --as a")
    city = City(folder)
    token = links.make(city.office.keys.link, c, 1, 32_000_000_000_000_000)
    city.close()
    said = bihuan(f"citizen reevaluate {token} --level 4 --no-contacted")
    assert (said.code, said.out.strip()) == (0, "已收到，谢谢")
    again = bihuan(f"citizen reevaluate {token} --level 4")
    assert again.code == 3
    assert bihuan("citizen object-to wrong-token").code == 2


# refusals


def test_a_step_out_of_order_says_what_is_allowed(
    bihuan: Callable[..., Said], verifying: str
) -> None:
    said = bihuan(f"hotline accept-feedback {verifying} --as 话务员01")
    assert (said.code, said.out) == (3, "")
    assert said.err.count("\n") == 1
    assert "“核实中”时不能办理“审核通过”" in said.err
    assert "现在可以办理：" in said.err
    assert "记一次通话" in said.err
    assert "确认有效" not in said.err, "nobody was called yet"
    assert "这一步只在“反馈待审”时由话务员办理" in said.err
    machine = json.loads(bihuan(f"hotline accept-feedback {verifying} --as a --json").err)
    assert machine["error"] == "IllegalStep"
    assert "CallAttempted" in machine["allowed"]


def test_each_refusal_has_its_exit_code(bihuan: Callable[..., Said], verifying: str) -> None:
    c = verifying
    bihuan(f"hotline claim {c} --as a --key k1")
    for code, words in (
        (0, f"hotline claim {c} --as a --key k1"),
        (2, f"hotline call {c} --outcome nope --as a"),
        (2, f"hotline call {c} --as a"),
        (2, "hotline call"),
        (2, "hotline sing"),
        (2, f"hotline claim {c} --as a --louder"),
        (2, f"hotline reevaluate {c} --level high --as a"),
        (2, "queue king"),
        (2, f"complaint show {c} --role king"),
        (3, f"hotline claim {c} --as b"),
        (3, f"complaint show {c} --role administrator"),
        (4, "complaint show CP21-9999"),
        (4, f"department acknowledge {c} --unit {UNIT} --as h"),
        (5, f"hotline call {c} --outcome busy --as a --key k1"),
        (5, f"hotline call {c} --outcome busy --as a --expect 1"),
    ):
        said = bihuan(words)
        assert said.code == code, (words, said)
        assert "Traceback" not in said.err
        assert said.code == 0 or said.err.count("\n") == 1, words


def test_another_units_complaint_does_not_exist(
    bihuan: Callable[..., Said], verifying: str
) -> None:
    bihuan(f"hotline call {verifying} --outcome answered --as a")
    bihuan(f"hotline confirm {verifying} --reason-code 109 --case-class clear --as a")
    other = "--unit 张店医保分局 --as 经办99"
    known = bihuan(f"department acknowledge {verifying} {other}").err
    unknown = bihuan(f"department acknowledge CP21-9999 {other}").err
    assert known == unknown.replace("CP21-9999", verifying)
    assert bihuan(f"complaint show {verifying} --role department {other}").code == 4
    assert bihuan("queue department --unit 张店医保分局").out.strip() == "没有待办"


def test_the_unit_sees_no_person(bihuan: Callable[..., Said], verifying: str) -> None:
    bihuan(f"hotline call {verifying} --outcome answered --as a")
    bihuan(f"hotline confirm {verifying} --reason-code 109 --case-class clear --as a")
    said = bihuan(f"complaint show {verifying} --role department --unit {UNIT} --as 经办01")
    for secret in ("19900001234", "群众甲", "P0001", "3号窗口"):
        assert secret not in said.out
    assert "【隐去】" in said.out


def test_a_timeline_is_read_in_eighty_columns(bihuan: Callable[..., Said], verifying: str) -> None:
    bihuan(f"hotline call {verifying} --outcome answered --note {'他说办了三次。' * 9} --as a")
    out = bihuan(f"complaint show {verifying} --as a").out
    assert max(map(width, out.splitlines())) <= 80
    assert "。；" not in out
    assert "说明：他说办了三次。" in out


def test_a_refusal_names_its_field_in_chinese_too(
    bihuan: Callable[..., Said], verifying: str
) -> None:
    said = bihuan(f"hotline confirm {verifying} --reason-code 999 --case-class clear --as a")
    assert said.err.startswith("核实原因（reason_code）：")
    huge = bihuan("parked retry notifications 6 99999999999999999999")
    assert (huge.code, huge.err.startswith("位置（place）：")) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "report annex3 2021Q3 --format json",
            "--format 的值不能用：只能是 text、csv（收到：json）",
        ),
        ("outbox --last x", "--last 的值不能用：须是整数（收到：x）"),
        ("outbox --last 0", "--last 的值不能用：不得小于1（收到：0）"),
        ("outbox --last", "--last 后面要写值"),
        ("import --source bihuan", "缺少 文件"),
    ],
)
def test_a_usage_error_has_no_english(bihuan: Callable[..., Said], words: str, told: str) -> None:
    said = bihuan(words)
    assert (said.code, said.err.partition("  ")[0].strip()) == (2, told)


def test_a_number_is_shown_to_whoever_gives_a_reason(
    bihuan: Callable[..., Said], verifying: str
) -> None:
    assert bihuan(f"hotline reveal-contact {verifying} --as a").code == 2
    unclaimed = bihuan(f"hotline reveal-contact {verifying} --reason 回访 --as a")
    assert ("先认领" in unclaimed.err, "19900001234" in unclaimed.out) == (True, False)
    assert bihuan(f"hotline claim {verifying} --as a").code == 0
    assert "19900001234" in bihuan(f"hotline reveal-contact {verifying} --reason 回访 --as a").out
    seen = bihuan(f"complaint show {verifying} --as a --json").out
    assert "19900001234" not in seen.replace("我是群众甲，电话19900001234，又让我开证明", "")


def test_words_in_a_number_s_place_are_shown_as_no_number(
    bihuan: Callable[..., Said], city: City
) -> None:
    subject = city.portal.bad_review(mobile="请勿来电")
    city.drain()
    assert bihuan(f"hotline claim {subject} --as a").code == 0
    reveal = f"hotline reveal-contact {subject} --reason 看留了什么 --as a"
    assert "评价里填的不是电话号码：请勿来电" in bihuan(reveal).out
    said = json.loads(bihuan(f"{reveal} --json").out)
    assert (said["phone"], said["no_number"]) == (None, "请勿来电")


# the rest


def test_json_may_be_asked_for_before_the_command_or_after_it(
    bihuan: Callable[..., Said], verifying: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("办件编号,服务时间,单位\nJ1,2021-07-01 09:05:00,区人社局\n", "utf-8")
    for words in (
        f"import {file} --source bihuan",
        "check",
        "parked list",
        "rebuild metrics",
        f"complaint show {verifying}",
        f"hotline claim {verifying} --as a --key k1",
        "queue operator",
        "units list",
        "report annex3 --from 2021-07 --to 2021-07",
        "calendar check --today 2021-07-01",
        "policy lint",
    ):
        before, after = bihuan("--json", words), bihuan(words, "--json")
        assert (type(before.json), before.code) == (type(after.json), after.code), words


def test_the_rules_change_by_commands(bihuan: Callable[..., Said]) -> None:
    given = "--as 监督01 --version 1 --notice 通知 --working 2026-12-05"
    assert bihuan("supervisor revise-calendar", given).out.strip() == "已记录 calendar/china-1"
    assert bihuan("supervisor revise-calendar", given, "--expect 0").code == 5
    again = "--as 监督01 --version 2 --notice 撤下 --replaces 2026"
    assert bihuan("supervisor revise-calendar", again).out.strip() == "已记录 calendar/china-2"


def test_the_loop_and_the_schemas_are_printed(bihuan: Callable[..., Said], tmp_path: Path) -> None:
    assert bihuan("loop --format mermaid").out.startswith("stateDiagram-v2")
    assert "确认有效" in bihuan("loop").out
    assert len(bihuan("loop --format json").json["states"]) == 14
    assert bihuan("loop --format pdf").code == 2
    assert bihuan(f"schema export --out {tmp_path / 'schemas'}").code == 0
    assert (tmp_path / "schemas" / "ReviewCollected.json").exists()


def test_help_is_chinese_and_every_door_has_its_command(bihuan: Callable[..., Said]) -> None:
    top = bihuan("--help").out
    for group, (text, party) in GROUPS.items():
        assert text in top
        listed = bihuan(f"{group} --help").out
        assert all(f"  {command_name(door)} " in listed for door, _, _ in DOORS[party])
    page = bihuan("hotline call --help").out
    assert "显示这份说明" in page
    assert "Show this" not in page
    for command in ("", "import", "deadline", "run", "parked retry", "move"):
        page = bihuan(f"{command} --help").out
        assert not [word for word in MACHINES if word in page], command
    assert all(f"{code} {text}" in top for code, text in EXITS.items())
    assert all(text for text in HELP.values())


def test_the_exit_codes_are_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    assert all(f"| {code} | {text} |" in page for code, text in EXITS.items())


def test_starting_loads_nothing_heavy() -> None:
    heavy = "('sqlalchemy', 'pydantic', 'rich', 'transitions', 'openpyxl', 'cryptography')"
    code = f"import sys, console.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
