"""异常件: what could not be handled, in the words of the office's work."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from console import wording
from console.cli_parked import LANES, POSITIONS, RATINGS
from workflow.bus import parking
from workflow.said import of_failure
from workflow.storage import messages

__all__ = ["LANES", "POSITIONS", "RATINGS", "REACTIONS", "Parcel", "Stuck", "parcels", "stuck"]

REACTIONS = {
    "analysis": "分析这件差评",
    "verification": "转交热线核实",
    "assignment": "自动派单",
    "deadlines": "登记到期时间",
    "reevaluation": "邀请群众再评价",
    "supervision": "自动督办",
    "notifications": "发出通知",
    "metrics": "计入指标",
}
"""What each reaction of the system does, by its consumer's name."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """One reaction that failed, or waits behind one that did (`held`); `at` in microseconds UTC."""

    consumer: str
    lane: int
    pos: int
    subject: str
    reaction: str
    after: str
    error: str
    tries: int
    at: int
    held: bool

    @property
    def why(self) -> str:
        """The error without what the program calls it; in general words where it says no more."""
        general = "系统没有办成，请信息科看一看原因" if self.error else ""
        return of_failure(self.error) or general


def stuck(conn: Connection) -> tuple[Stuck, ...]:
    """Everything that stands still, the oldest first."""
    return tuple(
        Stuck(
            row.consumer,
            row.lane,
            row.pos,
            row.subject,
            REACTIONS.get(row.consumer, row.consumer),
            wording.event_name(row.type),
            row.error or "",
            row.tries,
            row.parked_at,
            row.status == "held",
        )
        for row in parking.listed(conn)
    )


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message of a topic that could not be taken in; `at` in microseconds UTC."""

    topic: str
    partition: int
    position: int
    error: str
    tries: int
    at: int

    @property
    def why(self) -> str:
        """The error in words; what the program calls it where there are none."""
        return of_failure(self.error) or "系统没有收成"


def parcels(conn: Connection) -> tuple[Parcel, ...]:
    """The messages that were put aside, the oldest first, without what they say."""
    return tuple(
        Parcel(row.topic, row.partition, row.position, row.error, row.tries, row.parked_at)
        for row in messages.listed(conn)
    )
