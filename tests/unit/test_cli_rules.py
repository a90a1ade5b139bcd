"""The commands that reckon limits: what they print, what a machine reads, what they refuse."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.cli import app

FRIDAY = "2021-09-17T16:00:00+08:00"


def bihuan(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def answer(*words: str) -> Any:
    result = bihuan(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def deadline(limit: str, *more: str, start: str = FRIDAY) -> str:
    return str(answer("deadline", "--start", start, "--limit", limit, *more)["due"])


def test_deadline_for_a_machine() -> None:
    found = answer("deadline", "--start", FRIDAY, "--limit", "5 working days")
    assert found["due"] == "2021-09-26T17:30:00+08:00"
    assert found["provisional"] is False
    counted = [day["date"][5:] for day in found["days"] if day["counted"]]
    assert counted == ["09-18", "09-22", "09-23", "09-24", "09-26"]
    assert {"date", "counted", "reason"} == set(found["days"][0])


def test_deadline_for_a_person() -> None:
    text = bihuan("deadline", "--start", FRIDAY, "--limit", "1 working day").stdout
    assert "第1天：调休上班（中秋节）" in text
    assert "到期 2021-09-18（周六）17:30:00" in text


def test_the_start_may_be_in_any_zone_and_the_answer_is_in_the_offices() -> None:
    assert deadline("1 hour", start="2021-09-17T08:00:00Z") == "2021-09-17T17:00:00+08:00"


def test_natural_days_roll_only_by_a_profile() -> None:
    monday = "2021-09-13T10:00:00+08:00"
    assert deadline("7 natural days", start=monday) == "2021-09-21T00:00:00+08:00"
    by_profile = deadline("7 natural days", "--profile", "zibo", start=monday)
    assert by_profile == "2021-09-22T17:30:00+08:00"


def test_pauses_may_be_repeated() -> None:
    pauses = [
        "--pause", "2021-09-17T16:30:00+08:00/2021-09-18T09:30:00+08:00",
        "--pause", "2021-09-18T09:00:00+08:00/2021-09-18T10:30:00+08:00",
    ]  # fmt: skip
    assert deadline("1 hour", *pauses) == "2021-09-18T11:00:00+08:00"
    seconds = answer("worktime", FRIDAY, "2021-09-18T12:00:00+08:00", *pauses)["seconds"]
    assert seconds == 2 * 3600


def test_an_office_of_its_own(tmp_path: Path) -> None:
    hall = tmp_path / "hall.toml"
    hall.write_text('zone = "Europe/Berlin"\n[hours]\nsun = ["00:00-24:00"]\n', encoding="utf-8")
    short = answer(
        "worktime", "2021-03-27T00:00:00Z", "2021-03-30T00:00:00Z", "--calendar", str(hall)
    )
    assert short == {"seconds": 23 * 3600}
    long = deadline("1 working day", "--calendar", str(hall), start="2021-10-30T00:00:00Z")
    assert long == "2021-11-01T00:00:00+01:00"


def test_worktime_for_a_person() -> None:
    text = bihuan("worktime", FRIDAY, "2021-09-18T09:00:00+08:00", "--profile", "zibo").stdout
    assert "2 小时 0 分 0 秒（共 7200 秒）" in text


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("deadline", "--start", "2021-09-17T16:00:00", "--limit", "1 hour"), "start"),
        (("deadline", "--start", "yesterday", "--limit", "1 hour"), "start"),
        (("deadline", "--start", "9999-12-31T23:59:59-12:00", "--limit", "1 hour"), "start"),
        (("deadline", "--start", "1969-01-01T00:00:00Z", "--limit", "1 hour"), "start"),
        (("deadline", "--start", FRIDAY, "--limit", "5 days"), "limit"),
        (("deadline", "--start", FRIDAY, "--limit", "0 hours"), "limit"),
        (("deadline", "--start", FRIDAY, "--limit", "1 hour", "--profile", "atlantis"), "profile"),
        (
            (
                "deadline",
                "--start",
                "2020-09-17T16:00:00Z",
                "--limit",
                "1 hour",
                "--profile",
                "zibo",
            ),
            "profile",
        ),
        (("deadline", "--start", FRIDAY, "--limit", "1 hour", "--calendar", "no.toml"), "calendar"),
        (
            (
                "deadline",
                "--start",
                FRIDAY,
                "--limit",
                "1 hour",
                "--calendar",
                "a",
                "--profile",
                "zibo",
            ),
            "calendar",
        ),
        (("deadline", "--start", FRIDAY, "--limit", "1 hour", "--pause", "now"), "pause"),
        (
            ("deadline", "--start", FRIDAY, "--limit", "1 hour", "--pause", f"{FRIDAY}/{FRIDAY}"),
            "pause",
        ),
        (
            ("deadline", "--start", FRIDAY, "--limit", "1 hour", "--pause", f"{FRIDAY}/2021-09-18"),
            "pause",
        ),
        (("worktime", FRIDAY, "2021-09-16T16:00:00+08:00"), "to"),
        (("calendar", "check", "--today", "2021-02-30"), "today"),
    ],
)
def test_bad_input_is_refused_by_field_without_a_traceback(
    words: tuple[str, ...], field: str
) -> None:
    result = bihuan(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"{field}：" in result.stderr.replace("）：", "：")
    assert "Traceback" not in result.stderr


def test_the_calendar_raises_its_alarm_by_exit_code() -> None:
    assert bihuan("calendar", "check", "--today", "2026-10-31").exit_code == 0
    late = bihuan("calendar", "check", "--today", "2026-12-01")
    assert late.exit_code == 1
    assert "2027 年放假安排尚未录入" in late.stdout


def test_the_calendar_check_reads_an_offices_file(tmp_path: Path) -> None:
    hall = tmp_path / "hall.toml"
    hall.write_text('zone = "UTC"\n[hours]\nmon = ["9:00-25:00"]\n', encoding="utf-8")
    broken = bihuan("calendar", "check", "--calendar", str(hall))
    assert broken.exit_code == 2
    assert "hours.mon[0]" in broken.stderr
    hall.write_text('zone = "UTC"\n[hours]\nmon = ["9:00-15:00"]\n', encoding="utf-8")
    assert bihuan("calendar", "check", "--calendar", str(hall)).exit_code == 0


def test_policy_lint_lists_each_value_with_its_source(tmp_path: Path) -> None:
    shipped = bihuan("policy", "lint")
    assert shipped.exit_code == 0
    assert "zhejiang 2021.1（浙江（示例）），自 2021-01-01 起" in shipped.stdout
    assert answer("policy", "lint")["findings"] == []
    settings = [row for row in answer("policy", "lint")["settings"] if row["profile"] == "zibo"]
    assert all(row["source"] for row in settings)
    named = {row["setting"] for row in settings}
    assert {"calendar", "rectify", "rating_window", "retention_days", "escalation.2"} <= named
    assert "needs_reason" not in named
    values = {row["setting"]: row["value"] for row in settings}
    assert values["call_spacing_minutes"] == "60"
    broken = tmp_path / "broken.toml"
    broken.write_text('name = "x"\nspeed = 3\n', encoding="utf-8")
    found = bihuan("policy", "lint", str(broken))
    assert found.exit_code == 1
    assert "speed" in found.stdout


def test_a_file_that_cannot_be_read_is_told_in_plain_words(tmp_path: Path) -> None:
    """Neither the system's English nor the parser's; a pipe is not waited for."""
    broken, pipe = tmp_path / "broken.toml", tmp_path / "pipe.toml"
    broken.write_text('zone = "Asia/Shanghai"\nhours = [', encoding="utf-8")
    os.mkfifo(pipe)
    for file, reason in ((broken, "不是合格的 TOML"), (pipe, "这是管道，不是文件")):
        result = bihuan("calendar", "check", "--calendar", str(file))
        assert result.exit_code == 2
        assert reason in result.stderr
        assert not re.search("line|column|array|end of", result.stderr)
