"""规则与日历: the commands that reckon limits and check the calendar and the profiles."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from console.cli_root import AsJson
from workflow.calendar import Calendar, Due, Limit, due, explain, findings, micros, worktime
from workflow.calendar_counting import dates_between
from workflow.calendar_files import load_calendar, office_calendar
from workflow.errors import InvalidInput
from workflow.policy import LIMITS, WINDOWS, Policies, Policy
from workflow.policy_files import shipped_paths
from workflow.policy_lint import lint

__all__ = ["register"]

FOUND: Final = 1

Profile = Annotated[str | None, typer.Option(help="按哪一套规则，如 zibo；用其中的日历和起止规定")]
CalendarFile = Annotated[
    Path | None, typer.Option("--calendar", help="单位自己的日历（TOML 文件），不与 --profile 同用")
]
PauseOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pause", metavar="起时间/止时间", help="停表的一段，可重复，可交叠，如 起时间/止时间"
    ),
]


def register(app: typer.Typer) -> None:
    """Add `deadline`, `worktime`, `calendar` and `policy` to the main command."""
    app.command("deadline", help=_DEADLINE_HELP)(deadline)
    app.command("worktime")(worktime_between)
    calendars = typer.Typer(help="日历：放假安排是否齐全", no_args_is_help=True)
    calendars.command("check")(calendar_check)
    app.add_typer(calendars, name="calendar")
    policies = typer.Typer(help="规则：各地时限与流程规定", no_args_is_help=True)
    policies.command("lint")(policy_lint)
    app.add_typer(policies, name="policy")


_DEADLINE_HELP: Final = """算到期时间，并逐日说明哪天计、哪天不计、为什么。

工作日、自然日：次日起算，到最后一天下班为止；自然日最后一天不办公的，到当天 24:00。
用 --profile 时，起算和截止按该规则的规定。

小时、分钟、秒：都是工作时间，自起点当时算起，到用完的那一刻为止。

停表：全天停表的日子不计；只停了一部分的，停掉的工作时间在最后补足
（自然日里的休息日按 24 小时算，也用工作时间补）。
"""


def deadline(
    ctx: typer.Context,
    *,
    start: Annotated[str, typer.Option(help="起点，带时区，如 2021-09-17T16:00:00+08:00")],
    limit: Annotated[str, typer.Option(help='时限，如 "5 working days"、"15 natural days"')],
    profile: Profile = None,
    calendar: CalendarFile = None,
    pause: PauseOption = None,
    as_json: AsJson = False,
) -> None:
    """Print when a limit falls due and why; the help is _DEADLINE_HELP."""
    begin, amount, pauses = _instant(start, "start"), Limit.parse(limit), _pauses(pause)
    used, policy = _chosen(ctx, profile, calendar, begin)
    if policy is None:
        found = due(used, begin, amount, pauses=pauses)
    else:
        rules = {"start_rule": policy.start_rule, "end": policy.end, "roll": policy.roll}
        found = due(used, begin, amount, pauses=pauses, **rules)  # type: ignore[arg-type]
    typer.echo(_due_json(found) if as_json else "\n".join(explain(found)))


def worktime_between(
    ctx: typer.Context,
    *,
    start: Annotated[str, typer.Argument(metavar="起时间", help="起，带时区")],
    end: Annotated[str, typer.Argument(metavar="止时间", help="止，带时区")],
    profile: Profile = None,
    calendar: CalendarFile = None,
    pause: PauseOption = None,
    as_json: AsJson = False,
) -> None:
    """算两个时间之间有多少工作时间，停表的不算。"""
    begin, until = _instant(start, "from"), _instant(end, "to")
    used, _ = _chosen(ctx, profile, calendar, begin)
    seconds = int(worktime(used, begin, until, _pauses(pause)).total_seconds())
    if as_json:
        typer.echo(json.dumps({"seconds": seconds}))
        return
    hours, rest = divmod(seconds, 3600)
    text = f"工作时间 {hours} 小时 {rest // 60} 分 {rest % 60} 秒（共 {seconds} 秒）"
    days = dates_between(used.local_date(micros(begin)), used.local_date(micros(until)))
    if any(map(used.is_provisional, days)):
        text += "\n其中有放假安排尚未公布的日子，暂按周末和周一至周五算"
    typer.echo(text)


def calendar_check(
    ctx: typer.Context,
    calendar: CalendarFile = None,
    today: Annotated[str | None, typer.Option(help="按哪天检查，如 2026-11-20；缺省为今天")] = None,
    as_json: AsJson = False,
) -> None:
    """检查日历：放假安排缺年份的，报警并以退出码 1 结束。"""
    used = load_calendar(calendar) if calendar else _in_force(ctx, office_calendar())
    day = _date(today) if today else datetime.now(UTC).astimezone(used.zone).date()
    wrong = findings(used, day)
    years = sorted(used.official.years) if used.official else []
    if as_json:
        typer.echo(_json({"calendar": used.id, "today": str(day), "findings": wrong}))
    else:
        scope = f"放假安排 {years[0]}–{years[-1]} 年" if years else "不随国家放假安排"
        typer.echo(f"日历 {used.id}（{used.zone.key}），{scope}，按 {day} 检查")
        typer.echo("\n".join(f"警报：{text}" for text in wrong) or "齐全，没有发现问题")
    if wrong:
        raise typer.Exit(FOUND)


def policy_lint(
    file: Annotated[Path | None, typer.Argument(help="规则文件；缺省查自带的全部规则")] = None,
    as_json: AsJson = False,
) -> None:
    """检查规则：每项时限及其来源列表，有问题的以退出码 1 结束。"""
    policies, wrong = lint([file] if file else shipped_paths())
    if as_json:
        rows = [row for policy in policies for row in _rows(policy)]
        typer.echo(_json({"settings": rows, "findings": wrong}))
    else:
        for policy in policies:
            typer.echo(
                f"{policy.name} {policy.version}（{policy.label}），自 {policy.effective_from} 起"
            )
            for row in _rows(policy):
                typer.echo(f"  {row['setting']:<30}{row['value']:<32}{row['source']}")
        typer.echo("\n".join(f"问题：{text}" for text in wrong) or "没有发现问题")
    if wrong:
        raise typer.Exit(FOUND)


def _rows(policy: Policy) -> Iterator[dict[str, str]]:
    for name in (*LIMITS, *WINDOWS):
        rule = policy.limits.get(name)
        if rule is not None:
            more = f"（复杂件 {rule.complex_limit}）" if rule.complex_limit else ""
            yield {
                "profile": policy.name,
                "setting": name,
                "value": f"{rule.limit}{more}",
                "source": rule.source,
            }
    for path, source in policy.sources.items():
        kind, _, name = path.partition(".")
        if kind not in ("limits", "windows"):
            setting, shown = (name, _rule(policy, name)) if kind == "rules" else (path, "")
            if kind == "calendar":
                shown = policy.calendar.id
            elif kind == "escalation":
                shown = "→".join(policy.ladder[int(name)])
            yield {"profile": policy.name, "setting": setting, "value": shown, "source": source}


def _rule(policy: Policy, name: str) -> str:
    """The value as the profile's file writes it."""
    value = getattr(policy, name.replace("_minutes", ""))
    if isinstance(value, timedelta):
        return str(value // timedelta(minutes=1))
    return "、".join(value) if isinstance(value, tuple) else str(value)


def _chosen(
    ctx: typer.Context, profile: str | None, file: Path | None, on: datetime
) -> tuple[Calendar, Policy | None]:
    """The calendar to use, and the profile in force on the office's date of an instant."""
    if profile is not None and file is not None:
        raise InvalidInput("calendar", str(file), "--profile 与 --calendar 只能用一个")
    if file is not None:
        return load_calendar(file), None
    if profile is None:
        return _in_force(ctx, office_calendar()), None
    policies = Policies.load()
    zone = policies.versions(profile)[-1].zone
    policy = policies.at(profile, on.astimezone(zone).date())
    return _in_force(ctx, policy.calendar), policy


def _in_force(ctx: typer.Context, calendar: Calendar) -> Calendar:
    """The calendar with the revisions recorded in the office's database, where there is one."""
    from workflow.settings import Settings  # noqa: PLC0415

    if not (Settings.read(ctx.obj.data).data / "bihuan.db").exists():
        return calendar
    from console.wiring import office  # noqa: PLC0415  # only an office's own database needs it

    with office(ctx.obj.data) as opened:
        return opened.rulebook.revised(calendar)


def _instant(text: str, field: str) -> datetime:
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(field, text, "须是时间，如 2021-09-17T16:00:00+08:00") from None
    micros(when, field)
    return when


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("today", text, "须是日期，如 2026-11-20") from None


def _pauses(texts: list[str] | None) -> list[tuple[datetime, datetime]]:
    pauses = []
    for text in texts or []:
        parts = text.split("/")
        if len(parts) != 2:
            raise InvalidInput("pause", text, "须写成 FROM/TO，两个带时区的时间")
        begin, end = _instant(parts[0], "pause"), _instant(parts[1], "pause")
        if begin >= end:
            raise InvalidInput("pause", text, "停表的开始须早于结束")
        pauses.append((begin, end))
    return pauses


def _due_json(found: Due) -> str:
    return _json(
        {
            "due": found.due_at.astimezone(found.zone).isoformat(),
            "provisional": found.provisional,
            "days": [
                {"date": str(note.date), "counted": note.counted, "reason": note.reason}
                for note in found.days
            ],
            "calendar": found.calendar,
        }
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
