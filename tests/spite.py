"""A complaint that went all the way round, with markup in every text anybody could type on it; and
a notice of days off that has it in its name.
"""

from __future__ import annotations

from typing import NamedTuple

from city import (
    CITIZEN,
    HANDLER,
    OPERATOR,
    REVIEWER,
    SECOND,
    SUPERVISOR,
    UNIT,
    City,
    rating,
    service,
)

import schemas as s
from producers import departments, supervisors
from producers.departments import papers
from schemas.envelope import Fact
from workflow.door import texts_of
from workflow.ledger import Actor

ASSISTING = "ZD-MZJ"
HELPER = Actor("协办员己", HANDLER.role, ASSISTING)
SUM = "36481"
"""What a template that took a text for one of its own would make of it."""


def spite(name: str) -> str:
    """One text, known by its name wherever it is shown; without blanks, as some fields want."""
    return f"坏{name}<script>alert(1)</script>\"'><img/src=x/onerror=alert(1)>{{{{191*191}}}}"


class Spiteful(NamedTuple):
    """Complaints: `ended` had everything done to it, `open` is with the unit. `typed`: the names of
    all texts.
    """

    ended: str
    open: str
    typed: frozenset[str]


class Spite:
    """Takes steps whose every text is spiteful."""

    def __init__(self, city: City) -> None:
        self.city, self.typed = city, set[str]()

    def said(self, name: str) -> str:
        self.typed.add(name)
        return spite(name)

    def step(self, subject: str, kind: type[Fact], by: Actor, /, **values: object) -> None:
        texts = {name: self.said(f"{kind.__name__}.{name}") for name in texts_of(kind)}
        self.city.step(subject, kind, by, **(texts | values))

    def rated(self) -> str:
        """A bad rating and its service."""
        named = {name: self.said(name) for name in ("taskName", "winName", "proManager")}
        text, who = self.said("writingEvaluation"), self.said("userName")
        subject = self.city.portal.bad_review(text, userName=who, **named)
        self.city.portal.sends(service(f"P{int(subject[5:]):04d}", **named))
        self.city.drain()
        return subject

    def confirmed(self, subject: str) -> None:
        self.step(subject, s.CallAttempted, OPERATOR, outcome="answered", recording=self.said("R"))
        given = {"by": "call", "reason_code": "115", "case_class": "clear"}
        self.step(
            subject, s.ComplaintConfirmed, OPERATOR, **given, unit=UNIT, assisting=[ASSISTING]
        )
        self.city.drain()

    def submitted(self, subject: str, **values: object) -> None:
        self.step(subject, s.RectificationSubmitted, HANDLER, kind="explained", **values)

    def attached(self, subject: str) -> str:
        content = b"%PDF-1.7 minutes"
        name = self.said("file").replace("/", "") + ".pdf"
        who = {"account": HANDLER.name, "unit": UNIT}
        return departments.attach(self.city.ledger, subject, name=name, content=content, **who).id


def spiteful(city: City) -> Spiteful:
    """Every text of a complaint's steps and the notice's name; no other page's fields."""
    does = Spite(city)
    ended, open_ = does.rated(), does.rated()
    city.portal.sends(rating("P9999", 1, proDepart=does.said("proDepart")))  # nobody knows it
    at_the_hotline(does, ended)
    does.confirmed(open_)
    at_the_unit(does, ended)
    to_the_end(does, ended)
    with_the_unit(does, open_)
    at_the_office(does)
    return Spiteful(ended, open_, frozenset(does.typed))


def at_the_hotline(does: Spite, subject: str) -> None:
    does.city.step(subject, s.TicketLinked, OPERATOR, ticket=does.said("ticket"))
    does.city.step(subject, s.ComplaintClaimed, OPERATOR)
    does.step(subject, s.ContactRevealed, OPERATOR)
    does.step(subject, s.MaliceAlleged, OPERATOR)
    does.step(subject, s.MaliceRejected, SECOND)
    does.confirmed(subject)


def at_the_unit(does: Spite, subject: str) -> None:
    unit = does.said("suggested_unit")
    does.step(subject, s.WorkOrderReturned, HANDLER, suggested_unit=unit)
    does.step(subject, s.ReturnRefused, OPERATOR)
    does.step(subject, s.ExtensionRequested, HANDLER, working_days=2)
    does.step(subject, s.ExtensionRefused, SUPERVISOR)
    does.step(subject, s.ClarificationAsked, HANDLER)
    does.step(subject, s.ClarificationAnswered, OPERATOR)
    does.step(subject, s.AppealLodged, HANDLER)
    does.step(subject, s.AppealRejected, REVIEWER)
    does.step(subject, s.AssistanceSubmitted, HELPER)
    does.step(subject, s.SupervisionOrdered, SUPERVISOR, ground="manual")
    does.step(subject, s.Reminded, SUPERVISOR)
    does.submitted(subject)
    does.step(subject, s.RectificationSentBack, OPERATOR)
    files = [does.attached(subject)]
    attached = papers.attached(does.city.ledger, subject, HANDLER, files)
    does.submitted(subject, attachments=attached)


def to_the_end(does: Spite, subject: str) -> None:
    does.city.hotline.accepts(subject)
    does.city.drain()
    does.step(subject, s.ComplaintReevaluated, CITIZEN, level=1, by="site")
    does.city.drain()
    does.step(subject, s.RulingCalled, SUPERVISOR, ground="manual")
    does.step(subject, s.RulingGiven, SUPERVISOR, decision="close_unresolved")
    does.step(subject, s.RetaliationReported, CITIZEN)


def with_the_unit(does: Spite, subject: str) -> None:
    """Sent back, asked for more time, and a draft begun."""
    does.city.department.acknowledges(subject)
    does.submitted(subject)
    does.step(subject, s.RectificationSentBack, OPERATOR)
    does.step(subject, s.ExtensionRequested, HANDLER, working_days=1)
    draft = {name: does.said(f"draft.{name}") for name in ("facts", "reply", "signer")}
    who = {"account": HANDLER.name, "unit": UNIT}
    departments.save_draft(does.city.ledger, subject, values=draft, **who)


def at_the_office(does: Spite) -> None:
    """A notice of days off."""
    supervisors.revise_calendar(
        does.city.ledger,
        account=SUPERVISOR.name,
        version="坏",
        notice=does.said("notice"),
        working=["2021-12-04"],
    )
