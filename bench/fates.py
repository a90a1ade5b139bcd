"""How far complaints have come: a few that go the real way, step by step, to every state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import schemas as s
from bench.case import OPERATOR, PLATFORM, WORDS, Signal, collected
from bench.rounds import close_batch
from bench.seeding import drained
from console.wiring import Office
from schemas.envelope import Fact, Role
from workflow.clock import HOUR
from workflow.door import Step, take
from workflow.ledger import Actor

SUPERVISOR = Actor("s01", Role.SUPERVISOR)


class Move(NamedTuple):
    """One step: what, with which values, and whose it is."""

    kind: type[Fact]
    values: Mapping[str, Any]
    role: Role = Role.OPERATOR


Fate = tuple[Move, ...]
UNIT = Role.DEPARTMENT
_ANSWERED = Move(s.CallAttempted, {"outcome": "answered"})
_VALID = {"by": "call", "reason_code": "115", "case_class": "clear"}
_CONFIRMED = (_ANSWERED, Move(s.ComplaintConfirmed, _VALID))
_TAKEN = (*_CONFIRMED, Move(s.WorkOrderAcknowledged, {}, UNIT))
_GIVEN = (*_TAKEN, Move(s.RectificationSubmitted, {"kind": "rectified", **WORDS}, UNIT))
_HEARD = (*_GIVEN, Move(s.RectificationAccepted, {}))
_SAID = "与我单位职责不符，说明见附件"

ENDED: Mapping[str, Fate] = {
    "satisfied": (*_HEARD, Move(s.ComplaintReevaluated, {"level": 5, "by": "call"})),
    "dismissed": (
        _ANSWERED,
        Move(
            s.ComplaintDismissed,
            {"verdict": "invalid", "ground": "misoperation", "note": "群众说点错了"},
        ),
    ),
}
OPEN: Mapping[str, Fate] = {
    "verifying": (),
    "called": (Move(s.CallAttempted, {"outcome": "no_answer"}),),
    "malice": (_ANSWERED, Move(s.MaliceAlleged, {"reason": "一天十几次，都是同样的话"})),
    "unknown": _CONFIRMED,
    "dispatched": _CONFIRMED,
    "rectifying": _TAKEN,
    "extension": (
        *_TAKEN,
        Move(s.ExtensionRequested, {"working_days": 3, "reason": "要等上级答复"}, UNIT),
    ),
    "question": (*_TAKEN, Move(s.ClarificationAsked, {"question": "是哪一天办的"}, UNIT)),
    "returned": (
        *_TAKEN,
        Move(s.WorkOrderReturned, {"reason": _SAID, "legal_basis": "三定方案"}, UNIT),
    ),
    "appealed": (*_TAKEN, Move(s.AppealLodged, {"reason": _SAID}, UNIT)),
    "reviewing": _GIVEN,
    "reevaluating": _HEARD,
    "ruling": (*_TAKEN, Move(s.RulingCalled, {"ground": "manual"}, Role.SUPERVISOR)),
}
"""By where they lead; what is confirmed without a known unit waits to be assigned by hand."""


class Life(NamedTuple):
    """A complaint, its unit's code, and what happens to it."""

    subject: str
    unit: str | None
    fate: Fate


class Time:
    """A clock that stands until it is moved: steps of the same hour are of the same instant."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


def lived(office: Office, time: Time, lives: Sequence[Life]) -> None:
    """Takes each complaint its way by the real ledger and consumers, all beside each other, a step
    an hour.
    """
    with office.ledger.transaction() as posting:
        for life in lives:
            for signal in collected(life.subject, posting.now):
                posting.record(life.subject, *_placed(signal, life.unit), texts=signal.texts)
        close_batch(posting, len(lives))
    drained(office)
    for number in range(max(len(life.fate) for life in lives)):
        time.at += HOUR
        for life in lives:
            if number < len(life.fate):
                move = life.fate[number]
                who = _who(move.role, life.unit)
                take(office.ledger, life.subject, move.kind, who, Step(), **move.values)
        drained(office)


def _placed(signal: Signal, unit: str | None) -> tuple[Fact, Actor]:
    return signal.fact.model_copy(update={"unit": unit}), PLATFORM


def _who(role: Role, unit: str | None) -> Actor:
    if role is Role.DEPARTMENT:
        return Actor("h01", role, unit)
    return SUPERVISOR if role is Role.SUPERVISOR else OPERATOR
