"""第二幕：one complaint through the five stages, an event a line, its deadline explained."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from rich.text import Text

from console import wording
from console.cli_help import wrapped
from console.demo.build import synthetic_office
from console.demo.casting import FEATURED_DAY
from console.demo.clock import DemoClock
from console.demo.days import Counts, Day, batch_time
from console.demo.feed import Reader
from console.demo.generator import Quarter
from console.demo.rows import moment
from console.demo.scenes import Scene
from console.demo.stage import Stage
from console.entries import Due, Entry, Timeline
from console.timeline import timeline
from schemas import BY_TYPE
from schemas.envelope import Role
from workflow.calendar import Due as Reckoning
from workflow.calendar import due
from workflow.clock import instant, micros
from workflow.ledger import Actor
from workflow.states import State

if TYPE_CHECKING:
    from console.wiring import Office

TITLE: Final = "一件差评走完五个环节"
_STAGES: Final = {
    "collection": "归集",
    "analysis": "分析",
    "verification": "核实",
    "rectification": "整改",
    "reevaluation": "再评价",
    "supervision": "督办",
    "deadline": "时限",
}
_TOLD: Final = {
    "ComplaintAnalysed": ("类别",),
    "CallAttempted": ("结果",),
    "ComplaintConfirmed": ("核实原因",),
    "DepartmentAssigned": ("单位",),
    "RectificationSubmitted": ("措施",),
    "ComplaintReevaluated": ("满意度",),
    "DeadlineWarned": ("时限", "牌"),
    "Reminded": ("时限",),
}
"""What of each step is worth a line here; `bihuan complaint show` tells the rest."""

_LIMITS: Final = frozenset({"verify", "reevaluate"})
"""Shown in their step's line; that of the work order is explained day by day."""


def one_complaint(stage: Stage, quarter: Quarter) -> None:
    """Plays it in an office of its own, then tells what the log holds of it."""
    stage.act(2, TITLE)
    with TemporaryDirectory(prefix="bihuan-") as folder:
        clock = DemoClock(moment(FEATURED_DAY, 0))
        with synthetic_office(Path(folder), clock) as office:
            subject = _play(office, clock, quarter)
            seen = timeline(office, subject, Actor("demo", Role.SUPERVISOR))
            _tell_rating(stage, seen)
            _tell_steps(stage, office, seen)
    stage.say()
    stage.say(
        "分析、转核实、派单、发起回访由系统自动做；核实、审核、回访是热线，签收、整改是部门。"
        "部门自始至终看不到是谁评的。",
        pause=2.0,
    )


def _play(office: Office, clock: DemoClock, quarter: Quarter) -> str:
    scene, reader = Scene(office, clock, quarter.fates), Reader(office.desk())
    arrivals = tuple(
        arrival
        for arrival in quarter.pushed(FEATURED_DAY)
        if any((row[0], row[1]) == quarter.featured for row in arrival.ratings)
    )
    day = Day(FEATURED_DAY, batch_time(FEATURED_DAY), arrivals, [], [], Counts(0, 0))
    for delivery in reader.deliveries(day):
        scene.take(delivery)
    scene.until(micros(moment(FEATURED_DAY + timedelta(days=30), 0)))
    return scene.complaints[quarter.featured]


def _tell_rating(stage: Stage, seen: Timeline) -> None:
    head = dict(seen.head)
    stage.say(f"{head['评价时间']}，{head['经办单位']}{head['窗口']}，{head['事项']}：")
    stage.line(("  " + head["满意度"], "bold red"), f"，勾选“{head['勾选原因']}”")
    stage.say(f"“{head['原话']}”", lead="  ", pause=2.0)
    stage.say()


def _tell_steps(stage: Stage, office: Office, seen: Timeline) -> None:
    shown = ""
    for entry in seen.entries:
        name = _stage_of(entry)
        _tell_step(stage, seen, entry, name if name != shown else "")
        shown = name
        if entry.type == "DepartmentAssigned":
            rectify = next(limit for limit in entry.limits if limit.name == "rectify")
            _explain(stage, office, entry, rectify)


def _stage_of(entry: Entry) -> str:
    """The stage whose event this is; a call-back is no verification."""
    if entry.state == State.REEVALUATING and entry.type in ("ComplaintClaimed", "CallAttempted"):
        return "再评价"
    return _STAGES[BY_TYPE[entry.type].__module__.rpartition(".")[2]]


def _tell_step(stage: Stage, seen: Timeline, entry: Entry, name: str) -> None:
    who = entry.who or wording.role_name(entry.role)
    lead = Text.assemble(
        (wording.padded(name, 8), "bold cyan"),
        (_short(entry.recorded_at, seen.zone) + "  ", "dim"),
        wording.padded(entry.label, 14),
        (wording.padded(who, 10), "dim"),
    )
    for line in _said(seen, entry, stage.console.width - lead.cell_len):
        stage.line(lead, line)
        lead = Text(" " * lead.cell_len)
    stage.pause(0.5)


def _said(seen: Timeline, entry: Entry, most: int) -> list[Text]:
    """What stands beside a step, in lines of so many columns; at least one."""
    told = [
        f"{label}：{text}" if entry.type == "ComplaintAnalysed" else text
        for label, text in entry.details
        if label in _TOLD.get(entry.type, ())
    ]
    limits = [
        f"限 {_short(limit.due_at, seen.zone)} 前{limit.label}"
        for limit in entry.limits
        if limit.name in _LIMITS
    ]
    lines = [Text(line) for line in wrapped("，".join(told), most)]
    lines += [Text(limit, style="yellow") for limit in limits]
    return lines or [Text("")]


def _short(at: int, zone: ZoneInfo) -> str:
    local = wording.local(at, zone)
    return f"{local.month}-{local.day:02}({wording.WEEKDAYS[local.weekday()]}){local:%H:%M}"


def _explain(stage: Stage, office: Office, entry: Entry, rectify: Due) -> None:
    """为什么是这天: every day counted and skipped, as the calendar reckons it."""
    rules = office.rulebook.in_force(entry.occurred_at)
    calendar = office.rulebook.bound(rules.name, rules.version).calendar
    limit = rules.limits["rectify"].limit
    found = due(calendar, instant(entry.occurred_at), limit)
    assert micros(found.due_at) == rectify.due_at
    stage.line(
        ("          为什么是这天：", "yellow"), f"派单后 {limit.chinese}，次日起算", pause=0.4
    )
    for text, counted in _days(found):
        stage.line("            ", (text, "" if counted else "dim"), pause=0.35)


def _days(found: Reckoning) -> list[tuple[str, bool]]:
    lines, n = [], 0
    for note in found.days:
        n += note.counted
        day = f"{note.date.month}-{note.date.day:02} 周{wording.WEEKDAYS[note.date.weekday()]}"
        mark = f"第{n}天" if note.counted else "不计 "
        end = "　到期" if note is found.days[-1] else ""
        lines.append((f"{day}  {mark}  {note.reason}{end}", note.counted))
    return lines
