"""The six-step case every rate is measured on: synthetic complaints, and what people do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import schemas as s
from schemas.codes import CallOutcome, CaseClass, Origin
from schemas.envelope import Fact, Role
from workflow.clock import HOUR
from workflow.ledger import Actor
from workflow.storage.vault import Sealed, seal_text

UNIT = "ZD-RSJ"
PLATFORM, OPERATOR = Actor("platform", Role.PLATFORM), Actor("op01", Role.OPERATOR)
HANDLER, CITIZEN = Actor("h01", Role.DEPARTMENT, UNIT), Actor("citizen", Role.CITIZEN)
SOURCE, PROFILE, PROFILE_VERSION = "bihuan", "zibo", "2021.1"
WORDS = {
    "facts": "窗口多要了一份证明",
    "cause": "不熟悉办事指南",
    "measures": "已补课并致歉",
    "reply": "向您道歉",
    "signed_by": "负责人",
}


class Signal(NamedTuple):
    """One step somebody takes, with its free texts ready to be sealed."""

    fact: Fact
    actor: Actor
    texts: Mapping[str, Sealed]


Made = Callable[[str, int], Iterator[Signal]]


def _plain(fact: Fact, actor: Actor) -> Signal:
    return Signal(fact, actor, {})


def collected(subject: str, now: int) -> Iterator[Signal]:
    text = seal_text("又让我开证明，跑了两趟")
    fact = s.ReviewCollected(
        source=SOURCE,
        project_no=f"P{subject}",
        service_number="1",
        assess_number="1",
        profile=PROFILE,
        profile_version=PROFILE_VERSION,
        level=1,
        reasons=("115",),
        origin=Origin.ONSITE_ACTIVE,
        assessed_at=now - HOUR,
        received_at=now,
        unit=UNIT,
        unit_named="区人社局",
        area="张店区",
        item="社保卡申领",
        window="3号窗口",
        real_name=True,
        has_phone=True,
        text=text.digest,
    )
    yield Signal(fact, PLATFORM, {"text": text})


def confirmed(_subject: str, _now: int) -> Iterator[Signal]:
    """The citizen answers the call; the operator confirms."""
    yield _plain(s.CallAttempted(outcome=CallOutcome.ANSWERED), OPERATOR)
    yield _plain(
        s.ComplaintConfirmed(by="call", reason_code="115", case_class=CaseClass.CLEAR), OPERATOR
    )


def acknowledged(_subject: str, _now: int) -> Iterator[Signal]:
    yield _plain(s.WorkOrderAcknowledged(), HANDLER)


def submitted(_subject: str, _now: int) -> Iterator[Signal]:
    texts = {name: seal_text(words) for name, words in WORDS.items()}
    digests = {name: text.digest for name, text in texts.items()}
    yield Signal(s.RectificationSubmitted(kind="rectified", **digests), HANDLER, texts)


def accepted(_subject: str, _now: int) -> Iterator[Signal]:
    yield _plain(s.RectificationAccepted(), OPERATOR)


def reevaluated(_subject: str, _now: int) -> Iterator[Signal]:
    yield _plain(s.ComplaintReevaluated(level=5, by="site"), CITIZEN)


STEPS: tuple[Made, ...] = (collected, confirmed, acknowledged, submitted, accepted, reevaluated)
"""What people do; analysis, ticket, assignment and invitation are the consumers' own."""

EVENTS = 11
"""Events of a finished case: seven signals of people, four reactions."""
