"""What an office's processes are, as children of the zygote that may be killed: each of its own
command line, and a client that sends ratings and takes steps. An hour passes for them in a second.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from city import CITIZEN, HANDLER, OPERATOR, City, VirtualClock, rating
from over_http import OWN, STEPS, Caller
from reactions import Counting
from sqlalchemy import select
from zygote import acknowledge, acknowledged

import console.wiring
import consumers
import producers.importing
import producers.topic
import schemas as s
from console.cli import app
from producers.clock import Ticker
from schemas.envelope import Fact
from schemas.rating import Rating
from workflow.bus import duty, kafka
from workflow.bus.broker import Message
from workflow.bus.consumer import Record, Work
from workflow.clock import instant
from workflow.collection import collect_ready
from workflow.errors import Refused, Transient
from workflow.ledger import Actor
from workflow.settings_kafka import KafkaSettings
from workflow.states import State
from workflow.storage.models import complaints

PACE = 3600
logging.getLogger("bihuan.clock").setLevel(logging.ERROR)  # it would tell of the pace
ACTORS = {actor.name: actor for actor in (CITIZEN, HANDLER, OPERATOR)}


class Hurrying(VirtualClock):
    """The city's clock for any number of processes: it stood at its start at this moment of the
    host's (microseconds UTC), and runs ahead since.
    """

    def __init__(self, since: int) -> None:
        super().__init__()
        self._start, self._since = self.now, since

    def __call__(self) -> int:
        return self._start + (time.time_ns() // 1000 - self._since) * PACE


def job(
    command: Sequence[str],
    folder: str,
    environment: Mapping[str, str],
    since: int,
    session: int = 10_000,
    also: str = "",
) -> None:
    """One of the office's commands until it is ended; its consumers are the office's and one that
    counts. `also`: a function of this module that arranges for what is to go wrong.
    """
    os.environ.update(environment)
    _opened_hurrying(since)
    kafka.SESSION_MS = session
    duty.STANDING_BY = 0.2
    Ticker.__init__.__kwdefaults__["seconds"] = 0.3
    with_one(Counting())
    if also:
        globals()[also]()
    try:
        app([*command, "--data", folder])
    except SystemExit as ended:
        if ended.code:
            raise


def _opened_hurrying(since: int) -> None:
    console.wiring.office = partial(console.wiring.office, clock=Hurrying(since))


def with_one(more: Counting) -> None:
    """One more consumer than the office has."""
    real = consumers.register
    consumers.register = lambda *given: (*real(*given), more)


class Slow(Counting):
    """Handles its first record for longer than a member of a group may."""

    def __init__(self) -> None:
        super().__init__("slow")
        self._rested = False

    def handle(self, record: Record, work: Work) -> None:
        super().handle(record, work)
        if not self._rested:
            self._rested = True
            time.sleep(4)


def slow_handler() -> None:
    kafka.POLLED_WITHIN_MS = 1500
    with_one(Slow())


def rest(what: str) -> None:
    """Somewhere in a batch: the story is told, and the process takes as long as the story says."""
    acknowledge(os.environ["IN_HAND"], what=what)
    time.sleep(float(os.environ.pop("RESTS", "0")))


class Resting(Counting):
    """Takes its time over a record in the middle of a batch."""

    def __init__(self) -> None:
        super().__init__("resting")
        self._handled = 0

    def handle(self, record: Record, work: Work) -> None:
        super().handle(record, work)
        self._handled += 1
        if self._handled == 3:
            rest("consumers")


def resting_consumer() -> None:
    with_one(Resting())


def resting_collector() -> None:
    producers.topic.collect_ready = partial(_collected_slowly, "collector", 1, count(1))


def resting_import() -> None:
    producers.importing.collect_ready = partial(_collected_slowly, "import", 2, count(1))


def _collected_slowly(
    what: str, which: int, batches: Iterator[int], *given: Any, also: Any, **named: Any
) -> Any:
    """As it is, but for a rest before this one of its batches is committed."""

    def slowly(*stored: Any) -> None:
        also(*stored)
        if next(batches) == which:
            rest(what)

    return collect_ready(*given, also=slowly, **named)


class Deadly(Counting):
    """Its process does not survive one complaint's records."""

    def __init__(self) -> None:
        super().__init__("deadly")

    def handle(self, record: Record, work: Work) -> None:
        super().handle(record, work)
        if record.subject == "CP21-0002":
            os.kill(os.getpid(), signal.SIGKILL)


def deadly_handler() -> None:
    with_one(Deadly())


def dying_relay() -> None:
    """Killed when the broker has acknowledged a batch, and the relay has not yet heard of it."""
    publish = kafka.Publisher.publish

    def die(publisher: Any, messages: Sequence[Message]) -> None:
        publish(publisher, messages)
        if messages and messages[0].topic == "complaints":
            os.kill(os.getpid(), signal.SIGKILL)

    kafka.Publisher.publish = die


def deadly_rating() -> None:
    """A rating that its process does not survive."""
    desk = console.wiring.Office.desk

    def made(office: Any) -> Any:
        found = desk(office)
        ready = found.ready

        def die(number: int, row: Any) -> Any:
            if row.projectNo == "DEADLY":
                os.kill(os.getpid(), signal.SIGKILL)
            return ready(number, row)

        object.__setattr__(found, "ready", die)
        return found

    console.wiring.Office.desk = made


def client(
    folder: str,
    environment: Mapping[str, str],
    since: int,
    acks: str,
    wanted: str,
    seed: str,
    api: Mapping[str, str] | None = None,
) -> None:
    """Somebody outside who asks again for what was not answered, and then for more: so many rounds
    as the file `wanted` says in all. Tells when all of that has its answer. `api`: where half of it
    goes by HTTP.
    """
    os.environ.update(environment)
    kafka.SENT_WITHIN = 10.0  # a broker that is away is not waited for where a file would do
    caller = Caller(**api) if api else None
    person = Client(City(Path(folder), Hurrying(since)), acks, Random(seed), caller)
    done = told = max(
        (line["done"] for line in acknowledged(Path(acks)) if "done" in line), default=0
    )
    while True:
        person.asks_again()
        if done < int(Path(wanted).read_text(encoding="utf-8") or 0):
            person.does_something()
            done += 1
        elif person.waits_for_answers():
            time.sleep(0.1)
        elif told < done:
            acknowledge(acks, done=done)
            told = done
        else:
            time.sleep(0.01)


class Client:
    """Each request is written down before it is made, and its answer on the disk after it: under
    the same key, so that whoever is started again asks for the same.
    """

    def __init__(self, city: City, acks: str, rng: Random, caller: Caller | None) -> None:
        self._city, self._acks, self._rng, self._caller = city, acks, rng, caller
        lines = acknowledged(Path(acks))
        self._asked = {line["asked"]: line for line in lines if "asked" in line}
        answered = {line["answered"] for line in lines if "answered" in line}
        self._open = {key: line for key, line in self._asked.items() if key not in answered}
        self._publisher: kafka.Publisher | None = None
        if (broker := KafkaSettings.broker()) is not None:
            self._publisher = kafka.Publisher(broker)

    def waits_for_answers(self) -> bool:
        return bool(self._open)

    def asks_again(self) -> None:
        for line in list(self._open.values()):
            self._ask(line)

    def does_something(self) -> None:
        for step in (self._sends, self._steps, self._steps, self._steps):
            step()

    def _wants(self, key: str, **what: Any) -> None:
        if key in self._asked:
            return
        acknowledge(self._acks, asked=key, **what)
        self._asked[key] = self._open[key] = {"asked": key, **what}
        self._ask(self._open[key])

    def _ask(self, line: dict[str, Any]) -> None:
        try:
            told = getattr(self, line["how"])(line)
        except Transient:
            return  # perhaps done: it is asked for again
        except Refused as refusal:
            told = {"refused": type(refusal).__name__}
        acknowledge(self._acks, answered=line["asked"], **told)
        del self._open[line["asked"]]

    def _sends(self) -> None:
        at = instant(self._city.clock() - 1_800_000_000).isoformat()
        name = f"{time.time_ns():x}"
        stars = [self._rng.choice((1, 2, 5, 5, 5)) for _ in range(5)]
        rows = [(f"{name}-{n}", star) for n, star in enumerate(stars)]
        ways = {"by_file": True, "by_topic": self._publisher, "by_http": self._caller}
        how = self._rng.choice([way for way, there in ways.items() if there])
        self._wants(name, how=how, rows=rows, rated_at=at)

    def by_file(self, line: dict[str, Any]) -> dict[str, Any]:
        answers = self._city.portal.sends(*self._rows(line))
        assert {row.outcome for row in answers.rows} <= {"accepted", "repeat"}
        return {"projects": [project for project, _ in line["rows"]]}

    def by_topic(self, line: dict[str, Any]) -> dict[str, Any]:
        values = [row.model_dump_json(exclude={"source"}).encode() for row in self._rows(line)]
        headers = [("source", b"bihuan")]
        publisher = self._publisher
        assert publisher is not None
        publisher.publish([Message("ratings", -1, None, value, headers) for value in values])
        return {"projects": [project for project, _ in line["rows"]]}

    def by_http(self, line: dict[str, Any]) -> dict[str, Any]:
        assert self._caller is not None
        outcomes = self._caller.sends(line["asked"], self._rows(line))
        assert outcomes == ["accepted"] * len(line["rows"]), "not the first answer"
        return {"projects": [project for project, _ in line["rows"]]}

    def _rows(self, line: dict[str, Any]) -> list[Rating]:
        at = datetime.fromisoformat(line["rated_at"])
        return [rating(project, stars, assessTime=at) for project, stars in line["rows"]]

    def _steps(self) -> None:
        """The next step of a complaint that waits for somebody."""
        if rows := self._waiting():
            subject, state, version = self._rng.choice(rows)
            kind, by, values = self._rng.choice(NEXT[State(state)])
            given = {"kind": kind.__name__, "by": by.name, "values": values}
            key, how = f"{subject}/{kind.__name__}/{version}", "by_step"
            if self._caller and kind.__name__ in STEPS and self._rng.random() < 0.5:
                key, how = OWN + key, "by_call"
            self._wants(key, how=how, subject=subject, **given)

    def _waiting(self) -> Sequence[Any]:
        """The complaints that wait for somebody; a database that is away is waited for."""
        query = select(complaints.c.id, complaints.c.state, complaints.c.version)
        while True:
            with suppress(Transient), self._city.office.database.read() as conn:
                return conn.execute(query.where(complaints.c.state.in_(NEXT))).all()
            time.sleep(0.05)

    def by_step(self, line: dict[str, Any]) -> dict[str, Any]:
        kind, by = getattr(s, line["kind"]), ACTORS[line["by"]]
        done = self._city.step(line["subject"], kind, by, key=line["asked"], **line["values"])
        return {"event": done.event_id}

    def by_call(self, line: dict[str, Any]) -> dict[str, Any]:
        assert self._caller is not None
        given = line["subject"], line["kind"], line["values"]
        return {"event": self._caller.steps(line["asked"], *given)}


Choice = tuple[type[Fact], Actor, dict[str, Any]]
_FEEDBACK = {
    "kind": "rectified",
    "facts": "窗口人员多要了一份证明",
    "cause": "不熟悉办事指南",
    "measures": "已整改",
    "reply": "向您道歉",
    "signed_by": "负责人",
}
_CALL: Choice = (s.CallAttempted, OPERATOR, {"outcome": "answered"})
_CONFIRM: Choice = (
    s.ComplaintConfirmed,
    OPERATOR,
    {"by": "call", "reason_code": "115", "case_class": "clear"},
)
_DISMISS: Choice = (
    s.ComplaintDismissed,
    OPERATOR,
    {"verdict": "invalid", "ground": "misoperation", "note": "群众说按错了"},
)
NEXT: dict[State, list[Choice]] = {
    State.VERIFYING: [_CALL, _CALL, _CONFIRM, _CONFIRM, _DISMISS],
    State.DISPATCHED: [(s.WorkOrderAcknowledged, HANDLER, {})],
    State.RECTIFYING: [(s.RectificationSubmitted, HANDLER, _FEEDBACK)],
    State.REVIEWING: [(s.RectificationAccepted, OPERATOR, {})],
    State.REEVALUATING: [
        (s.ComplaintReevaluated, CITIZEN, {"level": level, "by": "site"}) for level in (5, 5, 2)
    ],
}
"""What somebody may ask for, though it may be refused: a call comes before a verdict."""
