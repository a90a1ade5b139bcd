"""第四幕：the quarter rolls by on the calendar, from bad ratings to answers; two scopes, apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.live import Live
from rich.padding import Padding
from rich.text import Text
from sqlalchemy import select

from console import wording
from console.demo.acts.wall import LEGEND, Wall
from console.demo.fates import Key
from console.demo.plan import dates
from console.demo.stage import Stage
from workflow.calendar import Calendar
from workflow.storage.models import complaints, events

if TYPE_CHECKING:
    from console.wiring import Office

TITLE: Final = "一个季度在日历上走过"
FIRST: Final = date(2021, 7, 1)
HOME, TOWNS = "部门", "镇办"
SCOPES: Final = {
    HOME: "张店区部门（7—9 月评价）",
    TOWNS: "11 个区县镇、街道（5—9 月评价）",
}
_TELLING: Final = (
    "ReviewCollected",
    "ComplaintDismissed",
    "MaliceUpheld",
    "ComplaintConfirmed",
    "RectificationAccepted",
    "ComplaintReevaluated",
)
_ENDING: Final = ("invalid", "malicious", "unverifiable", "ComplaintReevaluated")
_RARE: Final = {"malicious": "恶意", "unverifiable": "无法核实"}
_STEP: Final = 0.1


@dataclass(frozen=True, slots=True)
class Turn:
    """One step that the calendar shows: on which day, of a complaint collected when."""

    day: date
    collected: date
    scope: str
    what: str


@dataclass
class Tally:
    """How far the complaints of a scope have come."""

    counts: Counter[str] = field(default_factory=Counter)

    @property
    def pending(self) -> int:
        """Those about which the hotline has not yet said what they were."""
        judged = ("invalid", "malicious", "unverifiable", "ComplaintConfirmed")
        return self.counts["ReviewCollected"] - sum(self.counts[name] for name in judged)

    def line(self) -> Text:
        """From left to right as the loop goes."""
        c = self.counts
        others = "".join(f"，{name} {c[key]}" for key, name in _RARE.items() if c[key])
        return Text.assemble(
            "差评 ",
            (f"{c['ReviewCollected']:>2}", "bold red"),
            f"  →  核实中 {self.pending}，",
            "无效 ",
            (f"{c['invalid']:>2}", "bold"),
            others,
            "，有效 ",
            (f"{c['ComplaintConfirmed']:>2}", "bold red"),
            f"  →  已整改 {c['RectificationAccepted']:>2}  →  再评价满意 ",
            (f"{c['ComplaintReevaluated']:>2}", "bold green"),
        )


def quarter_by_days(stage: Stage, office: Office) -> None:
    """July to September day by day, then where everything has come to."""
    turns = tuple(_turns(office))
    calendar = office.rulebook.calendar_at(office.clock())
    if stage.live:
        _roll(stage, turns, calendar)
    else:
        _tell_months(stage, turns)
    stage.say()
    tallies = _tallies(turns)
    for scope, title in SCOPES.items():
        stage.say(title, style="bold")
        stage.console.print(Padding(tallies[scope].line(), (0, 0, 0, 2)))
    stage.say()
    stage.say(
        "两种口径：部门是单位自己的评价，镇、街道是各区县的便民服务中心。分别列，不相加；"
        "67 件里含不含张店镇街的 4 件，通报没有说，演示按不含。",
        pause=2.0,
    )


def _turns(office: Office) -> Iterator[Turn]:
    tiers = {unit.code: unit.tier for unit in office.units.units}
    query = (
        select(events.c.type, events.c.recorded_at, events.c.data, complaints.c.handled_by)
        .add_columns(complaints.c.collected_at)
        .join(complaints, complaints.c.id == events.c.subject)
        .where(events.c.type.in_(_TELLING))
        .order_by(events.c.recorded_at)
    )
    zone = office.rulebook.in_force(office.clock()).zone
    with office.database.read() as conn:
        for row in conn.execute(query):
            day = wording.local(row.recorded_at, zone).date()
            collected = wording.local(row.collected_at, zone).date()
            yield Turn(day, collected, tiers[row.handled_by], _what(row.type, row.data))


def _what(kind: str, data: str) -> str:
    if kind == "MaliceUpheld":
        return "malicious"
    if kind == "ComplaintDismissed":
        return "invalid" if '"verdict":"invalid"' in data else "unverifiable"
    return kind


def _tallies(turns: tuple[Turn, ...]) -> Mapping[str, Tally]:
    tallies = {scope: Tally() for scope in SCOPES}
    for turn in turns:
        tallies[turn.scope].counts[turn.what] += 1
    return tallies


def _roll(stage: Stage, turns: tuple[Turn, ...], calendar: Calendar) -> None:
    """A tenth of a second a day, until the last complaint has come to its end."""
    wall, tally = Wall(calendar, FIRST.year), Tally()
    home = [turn for turn in turns if turn.scope == HOME]
    by_day = {day: tuple(found) for day, found in groupby(home, key=lambda turn: turn.day)}
    stage.line((LEGEND, "dim"))
    stage.console.print()
    with Live(console=stage.console, refresh_per_second=20) as live:
        for day in dates(FIRST, home[-1].day):
            for turn in by_day.get(day, ()):
                tally.counts[turn.what] += 1
                wall.collected[turn.collected] += turn.what == "ReviewCollected"
                wall.ended[turn.collected] += turn.what in _ENDING
            wall.today = day
            heading = Text(f"{day.month} 月 {day.day} 日", style="bold")
            live.update(Group(wall, heading, tally.line()))
            stage.pause(_STEP)
        wall.today = None
        live.update(wall)


def _tell_months(stage: Stage, turns: tuple[Turn, ...]) -> None:
    tally = Tally()
    home = [turn for turn in turns if turn.scope == HOME]
    for (year, month), found in groupby(home, key=lambda turn: (turn.day.year, turn.day.month)):
        tally.counts.update(turn.what for turn in found)
        stage.line(f"  到 {year} 年 {month} 月底：", tally.line())


def complaint_of(office: Office, key: Key) -> str:
    """The complaint that the rating of this service opened."""
    query = select(complaints.c.id).where(
        complaints.c.project_no == key[0], complaints.c.service_number == key[1]
    )
    with office.database.read() as conn:
        return str(conn.execute(query).scalar_one())
