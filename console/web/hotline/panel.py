"""差评件: the steps this viewer may take now, and where on the page each has its form.

A step is offered where the loop's table allows it and `templates/steps/` has its form: a file
named after the event. A desk that brings a step brings a file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from console import wording
from workflow.loop import BEFORE_FEEDBACK
from workflow.states import State

FORMS = Path(__file__).parents[1] / "templates" / "steps"
HANDS = ("ComplaintClaimed", "ComplaintReleased")
CONTACT = ("ContactRevealed", "TicketLinked", "CallAttempted")
ASIDE = (
    "SupervisionOrdered",
    "Reminded",
    "RulingCalled",
    "CitizenObjected",
    "RetaliationReported",
)
"""Steps that are not the next one, but may always be wanted: folded away."""

FIRST = (
    "ComplaintConfirmed",
    "ComplaintDismissed",
    "MaliceAlleged",
    "ContactRequested",
    "ComplaintReevaluated",
    "ReevaluationInvited",
    "FactChecked",
    "RectificationAccepted",
    "RectificationSentBack",
    "ClarificationAnswered",
    "ReturnAccepted",
    "ReturnRefused",
)
"""The order of the forms that stand open to be chosen from; the others follow in the loop's."""

LABELS = {
    "ComplaintConfirmed": "有效",
    "ComplaintDismissed": "无效·无法核实",
    "ContactRequested": "缺联系方式",
    "ComplaintReevaluated": "记再评价",
}
BUTTONS = {
    "ComplaintConfirmed": "确认有效并派单",
    "ComplaintDismissed": "核实结案",
    "ContactRequested": "请单位补联系方式",
    "ComplaintReevaluated": "记下再评价",
    "FactChecked": "记下事实核查",
    "ClarificationAnswered": "答复单位",
}
"""What a step is called to choose it, and on its button, where that is not its own name."""

GRAVE = frozenset({"MaliceUpheld", "AppealUpheld", "RulingGiven"})
"""Steps whose button warns."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A step with its form."""

    event: str
    label: str

    @property
    def path(self) -> str:
        """The last part of the address its form is sent to."""
        return kebab(self.event)

    @property
    def button(self) -> str:
        return BUTTONS.get(self.event, self.label)

    @property
    def grave(self) -> bool:
        return self.event in GRAVE

    @property
    def template(self) -> str:
        return f"steps/{self.event}.html"


@dataclass(frozen=True, slots=True)
class Panel:
    """What is offered, by place: who holds it, the citizen's contact, next, beside."""

    hands: tuple[Offer, ...]
    contact: tuple[Offer, ...]
    main: tuple[Offer, ...]
    aside: tuple[Offer, ...]

    def offers(self, event: str) -> bool:
        """Whether this step is offered anywhere."""
        every = (*self.hands, *self.contact, *self.main, *self.aside)
        return any(offer.event == event for offer in every)


def panel(legal: Sequence[str], state: str) -> Panel:
    """The legal steps that have a form, each in its place. To send an order that a unit has already
    to another is not what comes next.
    """
    there = [event for event in legal if event in with_forms()]
    beside = (*ASIDE, "DepartmentAssigned") if state in BEFORE_FEEDBACK else ASIDE
    apart = (*HANDS, *CONTACT, *beside)
    main = [event for event in there if event not in apart]
    main.sort(key=lambda event: FIRST.index(event) if event in FIRST else len(FIRST))

    def offers(events: Sequence[str]) -> tuple[Offer, ...]:
        return tuple(Offer(e, LABELS.get(e) or _name(e, state)) for e in events)

    hands, contact, aside = ([e for e in some if e in there] for some in (HANDS, CONTACT, beside))
    return Panel(offers(hands), offers(contact), offers(main), offers(aside))


def _name(event: str, state: str) -> str:
    """派单 or 改派: the loop's table calls them apart."""
    if event == "DepartmentAssigned":
        return wording.step_name(event, state, State.DISPATCHED)
    return wording.event_name(event)


@cache
def with_forms() -> frozenset[str]:
    """The events that have a form."""
    return frozenset(path.stem for path in FORMS.glob("[A-Z]*.html"))


def kebab(event: str) -> str:
    """complaint-confirmed of ComplaintConfirmed."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", event).lower()
