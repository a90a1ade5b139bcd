"""The peer: the `eventsourcing` package taking the same six-step case round, on the same database
with the same durability, the same commits and as many rows in each.

It seals no text, keeps no hash chain, checks no step and no role, and computes no deadline: all of
it in its favour. Its own followers commit event by event (`batch` 1); batched by hand, which the
package does not offer, they commit as many as the product's consumers do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from eventsourcing.application import ProcessingEvent
from eventsourcing.persistence import Notification, Tracking
from eventsourcing.system import ProcessApplication
from eventsourcing.utils import get_topic
from pydantic_core import to_json

from bench.case import EVENTS, STEPS, Made
from bench.peer_complaint import DO, Complaint, Fact
from bench.peer_rows import COMPLAINT, TEXT, WRITERS, Row, rows_of
from bench.rounds import Round, subjects
from bench.stores import START, Stopwatch, expect
from workflow.bus.runner import BATCH


class Reaction(NamedTuple):
    """One type of event, answered by another."""

    on: str
    kind: str
    fact: Fact


_FINDING = {"kind": "category", "rule": "C-1", "evidence": "勾选原因 115", "weight": "medium"}
_ANALYSED = {"rules_version": "1", "category": "服务态度", "severity": 2, "misoperation": "low"}
_ASSIGNED = {"order": "GD21-0001-1", "unit": "ZD-RSJ", "rule": "handler", "named_by_person": False}
REACTIONS = {
    "analysis": Reaction(
        "ReviewCollected", "ComplaintAnalysed", {**_ANALYSED, "findings": [_FINDING] * 2}
    ),
    "verification": Reaction("ComplaintAnalysed", "VerificationRequested", {"path": "call"}),
    "assignment": Reaction("ComplaintConfirmed", "DepartmentAssigned", _ASSIGNED),
    "reevaluation": Reaction("RectificationAccepted", "ReevaluationInvited", {"channel": "call"}),
}
HANDLES = {name: (reaction.on,) for name, reaction in REACTIONS.items()} | WRITERS


class Step(NamedTuple):
    """What somebody records, with the texts it brings."""

    subject: str
    kind: str
    fact: Fact
    texts: dict[str, bytes]


class Complaints(ProcessApplication[UUID]):
    """People's steps, and the consumers, over one log in one database."""

    log_section_size = BATCH
    batch = BATCH
    """Events a consumer handles in one commit."""

    def people(self, part: Sequence[Step]) -> None:
        """Records these steps in one transaction."""
        hand: ProcessingEvent[UUID] = ProcessingEvent()
        rows = [row for step in part for row in self._taken(step, hand)]
        self._commit(hand, rows)

    def drain(self) -> None:
        """Each consumer by turns, until none finds anything beyond its progress."""
        while sum([self._batch(name) for name in HANDLES]):
            pass

    def progress(self, consumer: str) -> int:
        return self.recorder.max_tracking_id(consumer) or 0

    def _batch(self, consumer: str) -> int:
        start, topics = self.progress(consumer), [TOPIC[kind] for kind in HANDLES[consumer]]
        end = self.recorder.max_notification_id() or 0
        found = self.notification_log.select(start, BATCH, topics=topics, inclusive_of_start=False)
        last = found[-1].id if len(found) == BATCH else end
        for place in range(0, len(found), self.batch):
            self._handle(consumer, found[place : place + self.batch])
        if not found or found[-1].id < last:
            self._skip_to(consumer, start, last)
        return last - start

    def _handle(self, consumer: str, found: Sequence[Notification]) -> None:
        hand: ProcessingEvent[UUID] = ProcessingEvent(Tracking(consumer, found[-1].id))
        heard = [self.mapper.to_domain_event(notification) for notification in found]
        rows = [row for one in heard for row in self._reacted(consumer, one, hand)]
        self._commit(hand, rows)

    def _skip_to(self, consumer: str, start: int, last: int) -> None:
        """Past the types it does not handle."""
        if last > start:
            self._commit(ProcessingEvent(Tracking(consumer, last)), ())

    def _reacted(self, consumer: str, heard: Any, hand: ProcessingEvent[UUID]) -> Iterator[Row]:
        aggregate = self._in_hand(heard.originator_id, hand)
        if consumer in REACTIONS:
            _, kind, fact = REACTIONS[consumer]
            yield from self._taken(Step(aggregate.subject, kind, fact, {}), hand)
        else:
            event_id = f"{aggregate.subject}-{heard.originator_version}"
            yield from rows_of(consumer, KIND[type(heard)], aggregate.subject, event_id)

    def _taken(self, step: Step, hand: ProcessingEvent[UUID]) -> Iterator[Row]:
        if step.kind == "ReviewCollected":
            aggregate = Complaint(step.subject, step.fact)
        else:
            aggregate = self._in_hand(Complaint.create_id(step.subject), hand)
            DO[step.kind](aggregate, fact=step.fact)
        hand.collect_events(aggregate)
        fold = to_json([aggregate.subject, aggregate.state, step.fact]).decode()
        yield COMPLAINT, (step.subject, aggregate.state, aggregate.version, fold)
        for field, text in step.texts.items():
            yield TEXT, (f"{step.subject}-{aggregate.version}", field, text)

    def _in_hand(self, of: UUID, hand: ProcessingEvent[UUID]) -> Complaint:
        found = hand.aggregates.get(of) or self.repository.get(of)
        assert isinstance(found, Complaint)
        return found

    def _commit(self, hand: ProcessingEvent[UUID], rows: Sequence[Row]) -> None:
        hand.collect_events(rows=rows)
        self._record(hand)


KIND = {getattr(Complaint, name): name for name in ("ReviewCollected", *DO)}
TOPIC = {name: get_topic(made) for made, name in KIND.items()}


FASTEST = {
    "AGGREGATE_CACHE_MAXSIZE": "4096",
    "AGGREGATE_CACHE_FASTFORWARD": "n",
    "DEEPCOPY_FROM_AGGREGATE_CACHE": "n",
}
"""What makes it fastest in one process."""


def on_file(path: str) -> dict[str, str]:
    """The package's settings for a SQLite file."""
    return {"PERSISTENCE_MODULE": "bench.peer_sqlite:Factory", "SQLITE_DBNAME": path}


def on_server(address: str) -> dict[str, str]:
    """The package's settings for a PostgreSQL database."""
    at = urlsplit(address)
    return {
        "PERSISTENCE_MODULE": "bench.peer_postgres:Factory",
        "POSTGRES_HOST": at.hostname or "",
        "POSTGRES_PORT": str(at.port),
        "POSTGRES_USER": at.username or "",
        "POSTGRES_PASSWORD": at.password or "",
        "POSTGRES_DBNAME": at.path.removeprefix("/"),
    }


def go_round(app: Complaints, ids: Sequence[str], per_commit: int) -> Round:
    """As the product's: six steps, people's signals `per_commit` in a transaction."""
    laps = []
    for made in STEPS:
        steps = [step for subject in ids for step in _steps(made, subject)]
        watch = Stopwatch()
        for start in range(0, len(steps), per_commit):
            app.people(steps[start : start + per_commit])
        app.drain()
        laps.append(watch.lap())
    return Round.of(len(ids), laps)


def _steps(made: Made, subject: str) -> Iterator[Step]:
    for signal in made(subject, START):
        fact = signal.fact.model_dump(mode="json", exclude={"type"}, exclude_none=True)
        texts = {field: text.salted for field, text in signal.texts.items()}
        yield Step(subject, type(signal.fact).__name__, fact, texts)


def run(where: Mapping[str, str], warm: int, complaints: int, per_commit: int, batch: int) -> Round:
    """One run in a new database, after a few complaints to warm up."""
    with Complaints({**FASTEST, **where}) as app:
        app.batch = batch
        go_round(app, subjects(1, warm), per_commit)
        done = go_round(app, subjects(warm + 1, complaints), per_commit)
        _sound(app, warm + complaints)
    return done


def _sound(app: Complaints, complaints: int) -> None:
    end = app.recorder.max_notification_id()
    expect("the peer's events", end, EVENTS * complaints)
    behind = [name for name in HANDLES if app.progress(name) != end]
    expect("the peer's consumers behind the log", behind, [])
    wanted = {"complaints": 1, "complaint_facts": 1, "order_facts": 1, "outbox": 4, "vault": 6}
    factory: Any = app.factory
    with factory.datastore.transaction(commit=False) as cursor:
        for table, rows in (*wanted.items(), ("deadlines", 0)):
            cursor.execute(f"SELECT count(*) AS rows FROM {table}")
            expect(f"the peer's rows of {table}", cursor.fetchone()["rows"], rows * complaints)
