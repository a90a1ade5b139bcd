"""时限: warned, missed, recomputed; alarms only, figures compare times."""

from typing import Literal

from schemas.codes import Alarm
from schemas.envelope import Code, Fact, Micros


class DeadlineWarned(Fact):
    """黄牌 (`yellow`) before the due time, 红牌 (`red`) on the first working day after."""

    type: Literal["DeadlineWarned"] = "DeadlineWarned"
    limit: Code
    generation: int
    card: Literal[Alarm.YELLOW, Alarm.RED]
    due_at: Micros


class DeadlineMissed(Fact):
    """超期: the due time passed with the limit still open."""

    type: Literal["DeadlineMissed"] = "DeadlineMissed"
    limit: Code
    generation: int
    due_at: Micros


class DeadlineRecomputed(Fact):
    """时限重算: a new notice of the calendar moved an open limit; both times are kept."""

    type: Literal["DeadlineRecomputed"] = "DeadlineRecomputed"
    limit: Code
    generation: int
    from_due_at: Micros
    calendar: Code
