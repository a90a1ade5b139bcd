"""Through Kafka into PostgreSQL: ratings taken in beside the client's own rate; how soon an event
is handled; how soon all is caught up when the broker was away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

from kafka import KafkaConsumer
from pydantic_core import to_json

from bench.apart import start_apart
from bench.figures import Figure, Goal, over
from bench.lab import Lab
from bench.rounds import record_first, subjects
from bench.servers import Kafka, NoServer, Postgres, kafka, postgres
from bench.stores import Stopwatch, Unsound, audited, count, expect
from console.processes import over_kafka
from console.wiring import Office, office
from producers.topic import Collecting
from workflow.bus import progress
from workflow.bus.broker import Broker, Message
from workflow.bus.kafka import Publisher

PART = "kafka"
A_SECOND, AWAY, PATIENCE = 100, 6.0, 120.0
PAGE = 5_000
_COMMITTED = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(r.xmin) - pg_xact_commit_timestamp(c.xmin))
    FROM events c JOIN events r ON r.cause = c.subject || '-' || c.version
    WHERE c.type = 'ReviewCollected' AND c.subject = ANY(%(subjects)s)
"""
"""Seconds from one commit to the other: the server notes when each was."""


@contextmanager
def _open(folder: str, servers: str, prefix: str) -> Iterator[tuple[Office, Broker]]:
    with office(Path(folder)) as opened:
        yield opened, Broker(servers, prefix=prefix)


def sent(servers: str, prefix: str, rows: int) -> dict[str, Any]:
    """So many ratings, as a platform would send them."""
    broker, made = Broker(servers, prefix=prefix), 0
    publisher = Publisher(broker)
    while made < rows:
        part = range(made, min(rows, made + PAGE))
        publisher.publish([_rating(number) for number in part])
        made += len(part)
    publisher.close()
    return {}


def _rating(number: int) -> Message:
    project = f"PK{number:07d}"
    row = {
        "projectNo": project,
        "proDepart": "区人社局",
        "areaName": "张店区",
        "pf": "pad",
        "satisfaction": 1 if number % 1000 == 999 else 5,
        "writingEvaluation": "又让我开证明" if number % 1000 == 999 else "",
        "mobile": f"199{number % 10**8:08d}",
        "assessTime": "2021-09-16 09:30:00",
    }
    return Message("ratings", -1, project.encode(), to_json(row), [("source", b"bihuan")])


def consumed(servers: str, prefix: str, rows: int) -> dict[str, Any]:
    """The client alone: the same messages polled, and dropped."""
    broker = Broker(servers, prefix=prefix)
    consumer = KafkaConsumer(
        broker.topic("ratings"),
        **broker.client,
        group_id=f"{prefix}floor",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=1000,
    )
    seen = sum(map(len, consumer.poll(timeout_ms=30_000).values()))
    first, watch = seen, Stopwatch()
    while seen < rows:
        seen += sum(map(len, consumer.poll(timeout_ms=1000).values()))
    lap = watch.lap()
    consumer.close(autocommit=False)
    return {"rows": rows - first, **lap._asdict()}


def collected(folder: str, servers: str, prefix: str, rows: int) -> dict[str, Any]:
    """The topic taken in, from the first batch on, by the product's own loop."""
    with _open(folder, servers, prefix) as (opened, broker):
        collecting = Collecting(opened.ledger, opened.desk, broker)
        seen = 0
        while not seen:
            seen = collecting.once(1.0)
        first, watch = seen, Stopwatch()
        while seen < rows:
            seen += collecting.once(1.0)
        lap = watch.lap()
        collecting.close()
        expect("ratings", count(opened, "ratings"), rows)
    return {"rows": rows - first, **lap._asdict()}


def running(folder: str, servers: str, prefix: str) -> dict[str, Any]:
    """Relay and consumers, as `bihuan run` has them with Kafka, until told to stop."""
    with _open(folder, servers, prefix) as (opened, broker):
        whole = over_kafka(opened, broker)
        jobs = whole.jobs[:2]
        threads = [threading.Thread(target=job.run) for job in jobs]
        for thread in threads:
            thread.start()
        while not (Path(folder) / "stop").exists():
            time.sleep(0.05)
        for job in jobs:
            job.stop()
        for thread in threads:
            thread.join()
    return {}


def stepping(folder: str, first: int, steps: int) -> dict[str, Any]:
    """Complaints recorded one by one, so many a second."""
    with office(Path(folder)) as opened:
        began = time.monotonic()
        for number, subject in enumerate(subjects(first, steps)):
            time.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            record_first(opened, [subject])
        took = time.monotonic() - began
    return {"a_second": steps / took}


def caught_up(folder: str, since: float) -> dict[str, Any]:
    """Waits until every consumer's progress equals the log; answers how long that took, by the
    host's monotonic clock.
    """
    with office(Path(folder)) as opened:
        while _behind(opened):
            if time.monotonic() - since > PATIENCE:
                raise Unsound("the consumers do not catch up")
            time.sleep(0.02)
        return {"seconds": time.monotonic() - since}


def _behind(opened: Office) -> bool:
    with opened.database.read() as conn:
        return bool(progress.behind(conn))


def handled(folder: str, first: int, steps: int) -> dict[str, Any]:
    """Milliseconds from the commit of each of these complaints' collecting to its analysis's."""
    asked = {"subjects": subjects(first, steps)}
    with office(Path(folder)) as opened:
        with opened.database.read() as conn:
            waits = [float(row[0]) * 1e3 for row in conn.exec_driver_sql(_COMMITTED, asked)]
        expect("handled", len(waits), steps)
        audited(opened)
    return {"waits": waits}


def measured(lab: Lab) -> Iterator[Figure]:
    with ExitStack() as stack:
        try:
            database = stack.enter_context(postgres())
            broker = stack.enter_context(kafka())
        except NoServer as none:
            yield Figure(PART, "everything", "", missing=str(none))
            return
        lab.servers |= {"postgresql": database.version(), "kafka": broker.version()}
        yield from _taken_in(lab, database, broker)
        yield from _followed(lab, database, broker)


def _taken_in(lab: Lab, database: Postgres, server: Kafka) -> Iterator[Figure]:
    rows = lab.size(100_000)
    own, floors = [], []
    for _ in range(lab.runs):
        with lab.new_folder() as folder, database.database(folder), server.topics() as broker:
            topic: dict[str, Any] = {
                "servers": broker.servers,
                "prefix": broker.prefix,
                "rows": rows,
            }
            lab.run("bench.on_kafka:sent", **topic)
            floor = lab.run("bench.on_kafka:consumed", **topic)
            done = lab.run("bench.on_kafka:collected", label="collect", folder=str(folder), **topic)
        own.append(done["rows"] / done["seconds"])
        floors.append(floor["rows"] / floor["seconds"])
    ratio = sorted(over(own, floors))[len(own) // 2]
    yield Figure(PART, "ratings taken in", "rows/s", own, Goal(12_000), {"floor": ratio})
    yield Figure(PART, "floor: the client's own rate", "messages/s", floors)


def _followed(lab: Lab, database: Postgres, server: Kafka) -> Iterator[Figure]:
    steps, p99, rates, back = lab.size(1000), [], [], []
    for _ in range(lab.runs):
        with lab.new_folder() as folder, database.database(folder), server.topics() as broker:
            with _consumers(lab, folder, broker):
                done = _stepped(lab, folder, 1, steps)
                if server.ours:
                    back.append(_outage(lab, folder, server, steps + 1))
            asked: dict[str, Any] = {"folder": str(folder), "first": 1, "steps": steps}
            waits = lab.run("bench.on_kafka:handled", **asked)["waits"]
        rates.append(done["a_second"])
        p99.append(quantiles(waits, n=100)[98])
    yield Figure(PART, "from recorded to handled, p99", "ms", p99, Goal(500, most=True))
    yield Figure(PART, "steps recorded meanwhile", "steps/s", rates)
    name = f"caught up after {AWAY:g} s without a broker"
    missing = "" if back else "the broker of BIHUAN_TEST_KAFKA is not ours to stop"
    yield Figure(PART, name, "s", back, Goal(10, most=True), missing=missing)


@contextmanager
def _consumers(lab: Lab, folder: Path, broker: Broker) -> Iterator[None]:
    process = start_apart(
        "bench.on_kafka:running", folder=str(folder), servers=broker.servers, prefix=broker.prefix
    )
    try:
        _stepped(lab, folder, 900_001, 20)  # they have joined when these are handled
        yield
    finally:
        (folder / "stop").touch()
        lab.finish(process, "relay and consumers, Kafka")


def _stepped(lab: Lab, folder: Path, first: int, steps: int) -> dict[str, Any]:
    done = lab.run("bench.on_kafka:stepping", folder=str(folder), first=first, steps=steps)
    lab.run("bench.on_kafka:caught_up", folder=str(folder), since=time.monotonic())
    return done


def _outage(lab: Lab, folder: Path, server: Kafka, first: int) -> float:
    """Steps go on while the broker is away; the clock starts when it answers again."""
    server.kill()
    try:
        steps = start_apart(
            "bench.on_kafka:stepping",
            folder=str(folder),
            first=first,
            steps=round(AWAY * A_SECOND / 2),
        )
        time.sleep(AWAY)
    finally:
        server.start()
    back = time.monotonic()
    lab.finish(steps, "steps without a broker")
    return float(lab.run("bench.on_kafka:caught_up", folder=str(folder), since=back)["seconds"])
