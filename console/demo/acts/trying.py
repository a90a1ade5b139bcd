"""第七幕：a first what-if: with three working days instead of five, which would have been late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.demo.stage import Stage
from console.reports.periods import parse_period
from console.reports.whatif import Change, render_whatif, what_if

if TYPE_CHECKING:
    from console.wiring import Office

TITLE: Final = "试一试：整改只给三个工作日"


def trying(stage: Stage, office: Office) -> None:
    """The quarter's work orders again, under another limit; nothing is changed."""
    units = office.units
    codes = [unit.code for unit in units.of("部门", "张店区")]
    change, now = Change.parse("rectify=3 working days"), office.clock()
    with office.database.read() as conn:
        found = what_if(conn, office.rulebook, parse_period("2021Q3"), codes, change, now)
    render_whatif(stage.console, found, units, office.rulebook.in_force(now).zone)
    stage.say()
    stage.say("只是试算，库里什么也没改。换个数再试：", pause=0.5)
    stage.command(
        f'report whatif --period 2021Q3 --set "rectify=4 working days" --data {office.data}'
    )
    stage.pause(1.5)
