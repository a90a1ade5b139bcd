"""A small city for stories: an office on a virtual clock, and the people who step up to it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

import schemas as s
from console.wiring import Office, open_office
from schemas.codes import Channel, Origin
from schemas.envelope import Fact, Role
from schemas.rating import Rating, ServiceRecord
from workflow import audit
from workflow.answers import Answers
from workflow.bus.consumer import Consumer
from workflow.bus.embedded import EmbeddedBus
from workflow.clock import instant, micros
from workflow.collection import collect
from workflow.complaint import Complaint, load
from workflow.door import Step, take
from workflow.ledger import Actor, Recorded
from workflow.states import STATE_NAMES, State
from workflow.storage.models import complaints, events, vault

START = "2021-09-16T10:00:00+08:00"
SYSTEM, CLOCK = Actor("engine", Role.CONSUMER), Actor("clock", Role.CLOCK)
OPERATOR, SECOND = Actor("话务员01", Role.OPERATOR), Actor("话务员02", Role.OPERATOR)
REVIEWER, SUPERVISOR = Actor("复核01", Role.REVIEWER), Actor("监督01", Role.SUPERVISOR)
CITIZEN, PLATFORM = Actor("citizen", Role.CITIZEN), Actor("platform", Role.PLATFORM)
UNIT = "ZD-RSJ"
HANDLER = Actor("经办01", Role.DEPARTMENT, UNIT)


class VirtualClock:
    """Time passes only when a story says so."""

    def __init__(self, start: str = START) -> None:
        self.now = micros(datetime.fromisoformat(start))

    def __call__(self) -> int:
        return self.now


def rating(project: str, stars: int = 5, **values: Any) -> Rating:
    """A rating with synthetic values; a bad one says why."""
    given: dict[str, Any] = {
        "source": "bihuan",
        "projectNo": project,
        "serviceNumber": "1",
        "assessNumber": "1",
        "proDepart": "区人社局",
        "areaName": "张店区",
        "pf": Channel.PAD,
        "origin": Origin.ONSITE_ACTIVE,
        "satisfaction": stars,
        "mobile": "19900001234",
        "userName": "群众甲",
        "assessTime": datetime.fromisoformat("2021-09-16T09:30:00+08:00"),
        "taskName": "社保卡申领",
        "winName": "3号窗口",
    }
    if stars <= 2:
        given["writingEvaluation"] = "又让我开证明"
    return Rating(**_sent(given | values))


def service(project: str, **values: Any) -> ServiceRecord:
    """The service record of the same project."""
    given: dict[str, Any] = {
        "source": "bihuan",
        "projectNo": project,
        "serviceNumber": "1",
        "proDepart": "区人社局",
        "areaName": "张店区",
        "serviceTime": datetime.fromisoformat("2021-09-16T09:00:00+08:00"),
        "taskName": "社保卡申领",
        "winName": "3号窗口",
    }
    return ServiceRecord(**_sent(given | values))


def _sent(values: dict[str, Any]) -> dict[str, Any]:
    """What is None was not sent."""
    return {name: value for name, value in values.items() if value is not None}


class City:
    """Everybody in one place; `office` is the real one, only its clock is virtual."""

    def __init__(self, folder: Path, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock()
        self.office: Office = open_office(folder, self.clock)
        self.ledger = self.office.ledger
        self.portal, self.hotline = Portal(self), Hotline(self)
        self.department, self.citizen = Department(self), Citizen(self)
        self.supervisor = Supervisor(self)

    def travel(self, to: str | None = None, **passed: float) -> None:
        """To a moment, or on by `days`, `hours`, `minutes`."""
        at = instant(self.clock.now) if to is None else datetime.fromisoformat(to)
        self.clock.now = micros(at + timedelta(**passed))

    def drain(self, consumers: Iterable[Consumer] | None = None) -> bool:
        """Lets these consumers catch up with the log; the office's own, if none are given: at once
        where there is no Kafka, for the office asks all its settings, and stories drain often.
        """
        if consumers is None:
            drains = self.office if "BIHUAN_KAFKA" in os.environ else self.office.bus()
            return drains.drain()
        return EmbeddedBus(self.ledger, tuple(consumers)).drain()

    def step(
        self, subject: str, kind: type[Fact], by: Actor, /, key: str | None = None, **values: Any
    ) -> Recorded:
        """Any step by anybody, its texts sealed as a door would."""
        return take(self.ledger, subject, kind, by, Step(key=key), **values)

    def assigned(self) -> str:
        """A bad rating that was confirmed and sent to its unit."""
        subject = self.portal.bad_review()
        self.drain()
        self.hotline.confirms(subject)
        self.hotline.assigns(subject)
        self.drain()
        return subject

    def complaint(self, subject: str) -> Complaint:
        with self.office.database.read() as conn:
            query = select(complaints.c.fold).where(complaints.c.id == subject)
            return load(conn.execute(query).scalar_one())

    def state(self, subject: str) -> str:
        """The state's Chinese name, as people see it."""
        return STATE_NAMES[State(self.complaint(subject).state)]

    def timeline(self, subject: str) -> list[str]:
        """The types of the complaint's events, in order."""
        query = select(events.c.type).where(events.c.subject == subject)
        with self.office.database.read() as conn:
            return list(conn.execute(query.order_by(events.c.version)).scalars())

    def erases(self, owner: str) -> int:
        """Deletes what lies sealed under this owner; gives how many rows that were."""
        with self.office.database.write() as conn:
            return conn.execute(delete(vault).where(vault.c.owner == owner)).rowcount

    def damage(self) -> list[audit.Finding]:
        """What the auditor finds; an empty list in every good story."""
        with self.office.database.read() as conn:
            return audit.check(conn, self.office.keys)

    def close(self) -> None:
        self.office.close()


class Portal:
    """The rating platforms."""

    def __init__(self, city: City) -> None:
        self._city, self._numbers = city, count(1)

    def sends(self, *rows: Rating | ServiceRecord) -> Answers:
        desk = self._city.office.desk()
        return collect(self._city.ledger, desk, "bihuan", list(enumerate(rows, 1)))

    def bad_review(self, text: str = "又让我开证明", stars: int = 1, **values: Any) -> str:
        """Sends a bad rating; gives the complaint it opened."""
        project = values.pop("project", f"P{next(self._numbers):04d}")
        answers = self.sends(rating(project, stars, writingEvaluation=text, **values))
        complaint = answers.rows[0].complaint
        assert complaint is not None
        return complaint


class Hotline:
    """The operators; with `by` another one."""

    def __init__(self, city: City) -> None:
        self._city = city

    def receives(self, subject: str) -> None:
        """What analysis and verification do first, for stories without consumers."""
        self._city.step(
            subject,
            s.ComplaintAnalysed,
            SYSTEM,
            rules_version="1",
            category="其他",
            severity=1,
            misoperation="low",
        )
        self._city.step(subject, s.VerificationRequested, SYSTEM, path="call")

    def calls(self, subject: str, outcome: str = "answered", by: Actor = OPERATOR) -> Recorded:
        return self._city.step(subject, s.CallAttempted, by, outcome=outcome)

    def confirms(self, subject: str, by: Actor = OPERATOR, **values: Any) -> Recorded:
        self.calls(subject, by=by)
        given = {"by": "call", "reason_code": "115", "case_class": "clear"} | values
        return self._city.step(subject, s.ComplaintConfirmed, by, **given)

    def dismisses(self, subject: str, by: Actor = OPERATOR, **values: Any) -> Recorded:
        self.calls(subject, by=by)
        given = {"verdict": "invalid", "ground": "misoperation", "note": "群众说按错了"} | values
        return self._city.step(subject, s.ComplaintDismissed, by, **given)

    def assigns(self, subject: str, unit: str = UNIT, by: Actor = OPERATOR) -> Recorded:
        order = f"GD{subject[2:]}-{self._city.complaint(subject).orders + 1}"
        given: dict[str, Any] = {"order": order, "unit": unit, "rule": "person"}
        return self._city.step(subject, s.DepartmentAssigned, by, **given, named_by_person=True)

    def accepts(self, subject: str, by: Actor = OPERATOR) -> Recorded:
        return self._city.step(subject, s.RectificationAccepted, by)


class Department:
    """The handlers of the unit."""

    def __init__(self, city: City) -> None:
        self._city = city

    def acknowledges(self, subject: str, by: Actor = HANDLER) -> Recorded:
        return self._city.step(subject, s.WorkOrderAcknowledged, by)

    def submits(self, subject: str, measures: str = "已整改", by: Actor = HANDLER) -> Recorded:
        if self._city.complaint(subject).state == State.DISPATCHED:
            self.acknowledges(subject, by)
        return self._city.step(
            subject,
            s.RectificationSubmitted,
            by,
            kind="rectified",
            facts="窗口人员多要了一份证明",
            cause="不熟悉办事指南",
            measures=measures,
            reply="向您道歉",
            signed_by="负责人",
        )


class Citizen:
    """The one who rated."""

    def __init__(self, city: City) -> None:
        self._city = city

    def rates(self, subject: str, stars: int, by: Actor = CITIZEN) -> Recorded:
        if self._city.complaint(subject).state == State.REVIEWING:
            self._city.hotline.accepts(subject)
        given: dict[str, Any] = {"level": stars, "by": "site"}
        return self._city.step(subject, s.ComplaintReevaluated, by, **given)

    def objects(self, subject: str) -> Recorded:
        return self._city.step(subject, s.CitizenObjected, CITIZEN, words="我不同意")


class Supervisor:
    """The one who presses and rules."""

    def __init__(self, city: City) -> None:
        self._city = city

    def orders(self, subject: str) -> Recorded:
        return self._city.step(subject, s.SupervisionOrdered, SUPERVISOR, ground="manual")

    def calls_for_ruling(self, subject: str) -> Recorded:
        return self._city.step(subject, s.RulingCalled, SUPERVISOR, ground="manual")

    def rules(self, subject: str, decision: str, **values: Any) -> Recorded:
        given = {"decision": decision, "reason": "终裁意见"} | values
        return self._city.step(subject, s.RulingGiven, SUPERVISOR, **given)
