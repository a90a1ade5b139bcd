"""Programs not written here follow the loop: librdkafka's kcat and confluent-kafka, and the
consumer that the README shows.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from city import OPERATOR, UNIT, City
from confluent_kafka import Consumer, Producer
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7
from servers import none_to_be_had
from sqlalchemy import select

from producers.topic import Collecting
from schemas import TicketLinked
from schemas.envelope import Role
from workflow.bus.broker import Broker, Message
from workflow.bus.kafka import Publisher
from workflow.bus.progress import join_source
from workflow.bus.relay import Relay
from workflow.errors import Away
from workflow.ledger import Actor
from workflow.storage.models import events, ratings

ROOT = Path(__file__).parents[2]
OTHER = "ZD-YBJ"


@pytest.fixture
def moved(city: City) -> str:
    """One complaint, sent to the unit and from there to another, which takes it."""
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    city.hotline.assigns(subject, OTHER)
    city.department.acknowledges(subject, Actor("经办02", Role.DEPARTMENT, OTHER))
    return subject


@pytest.fixture
def round_the_loop(city: City, broker: Broker, moved: str) -> str:
    """One complaint taken round the loop beside four others, everything relayed."""
    subject, *_ = [city.portal.bad_review() for _ in range(4)]
    city.drain()
    city.step(subject, TicketLinked, OPERATOR, ticket="12345-1")
    city.hotline.confirms(subject)
    city.drain()
    city.department.submits(subject)
    city.citizen.rates(subject, 5)
    city.drain()
    publisher = Publisher(broker)
    relay = Relay(city.ledger, publisher, broker.partitions)
    with city.office.database.write() as conn:
        join_source(conn, relay.name, "beginning")
    while relay.step():
        pass
    publisher.close()
    return subject


def in_the_log(city: City) -> dict[tuple[int, int], tuple[str, str, str]]:
    """Id, type and data of every event by lane and position."""
    with city.office.database.read() as conn:
        rows = conn.execute(select(events)).all()
    return {(r.lane, r.pos): (f"{r.subject}-{r.version}", r.type, r.data) for r in rows}


def as_received(
    headers: dict[str, str], value: str
) -> tuple[tuple[int, int], tuple[str, str, str]]:
    place = (int(headers["ce_lane"]), int(headers["ce_position"]))
    return place, (headers["ce_id"], headers["ce_type"], value)


def test_kcat_reads_every_event_with_its_headers(
    city: City, broker: Broker, round_the_loop: str
) -> None:
    said = _kcat(broker, "-C", "-t", broker.topic("complaints"), "-o", "beginning", "-e", "-J")
    messages = [json.loads(line) for line in said.splitlines()]
    pairs = [dict(zip(m["headers"][::2], m["headers"][1::2], strict=True)) for m in messages]
    found = [as_received(h, m["payload"]) for h, m in zip(pairs, messages, strict=True)]
    assert dict(found) == in_the_log(city)
    assert len(found) == len(dict(found))
    for message, (place, _) in zip(messages, found, strict=True):
        assert message["partition"] == place[0] % broker.partitions
    mine = [h["ce_sequence"] for h in pairs if h["ce_subject"] == round_the_loop]
    assert mine == sorted(mine, key=int)
    assert {m["key"] for m in messages} == {h["ce_subject"] for h in pairs}


@pytest.mark.usefixtures("round_the_loop")
def test_confluent_kafka_reads_every_event_with_its_headers(city: City, broker: Broker) -> None:
    settings = {"bootstrap.servers": broker.servers, "group.id": broker.topic("confluent")}
    consumer = Consumer({**settings, "auto.offset.reset": "earliest"})
    consumer.subscribe([broker.topic("complaints")])
    wanted = in_the_log(city)
    found: dict[tuple[int, int], tuple[str, str, str]] = {}
    while len(found) < len(wanted) and (message := consumer.poll(20)):
        assert message.error() is None
        headers = {name: value.decode() for name, value in message.headers()}
        assert headers["content-type"] == "application/json"
        place, told = as_received(headers, message.value().decode())
        found[place] = told
    consumer.close()
    assert found == wanted


def test_the_consumer_of_the_readme_follows_the_loop(
    broker: Broker, round_the_loop: str, moved: str
) -> None:
    program = _read_from(broker.topic("complaints"))
    given = {"KAFKA": broker.servers, "GROUP": broker.topic("oa"), "UNIT": UNIT}
    told = [line.split()[:3] for line in _run(program, given)]
    steps = ("DISPATCHED", "RECTIFYING", "REVIEWING", "REEVALUATING", "CLOSED")
    mine = [[round_the_loop, f"GD{round_the_loop[2:]}-1", step] for step in steps]
    gone = [[moved, f"GD{moved[2:]}-1", step] for step in ("DISPATCHED", "MOVED")]
    assert [line for line in told if line[0] == round_the_loop] == mine
    assert [line for line in told if line[0] != round_the_loop] == gone
    assert _run(program, given) == [], "read twice"


class InTrouble(Publisher):
    """Of the second batch the broker takes each complaint's last event, and then all of it."""

    batches = 0

    def publish(self, messages: Sequence[Message]) -> None:
        self.batches += 1
        if self.batches == 2:
            super().publish(list({message.key: message for message in messages}.values()))
            raise Away
        super().publish(messages)


@pytest.mark.guarantee("G4")
def test_the_consumer_of_the_readme_misses_nothing_that_came_too_early(
    city: City, broker: Broker
) -> None:
    """The broker was in trouble: of each batch a part arrives first, and then all of it again."""
    subjects = [city.portal.bad_review() for _ in range(4)]
    city.drain()
    publisher = InTrouble(broker)
    relay = Relay(city.ledger, publisher, broker.partitions)
    with city.office.database.write() as conn:
        join_source(conn, relay.name, "beginning")
    relay.step()
    for subject in subjects:
        city.hotline.confirms(subject)
    city.drain()
    for subject in subjects:
        city.department.acknowledges(subject)
    with pytest.raises(Away):
        relay.step()
    while relay.step():
        pass
    publisher.close()
    given = {"KAFKA": broker.servers, "GROUP": broker.topic("oa"), "UNIT": UNIT}
    told = [line.split()[:3] for line in _run(_read_from(broker.topic("complaints")), given)]
    steps = ("DISPATCHED", "RECTIFYING")
    assert sorted(told) == sorted([s, f"GD{s[2:]}-1", step] for s in subjects for step in steps)


def test_the_consumer_of_the_readme_says_that_there_is_no_such_topic(broker: Broker) -> None:
    given = {"KAFKA": broker.servers, "GROUP": broker.topic("lost"), "UNIT": UNIT}
    with pytest.raises(subprocess.CalledProcessError) as ended:
        _run(_read_from(broker.topic("nowhere")), given)
    assert "UNKNOWN_TOPIC_OR_PART" in ended.value.stderr
    assert "Traceback" not in ended.value.stderr


def _read_from(topic: str) -> str:
    program = example().replace('"complaints"', f'"{topic}"')
    return program.replace("poll(10)", "poll(5)")


def test_the_example_is_short_and_the_same_in_both_languages() -> None:
    assert len([line for line in example().splitlines() if line]) <= 20
    assert example("README.zh-CN.md") == example()


def example(page: str = "README.md") -> str:
    (program,) = re.findall(
        r"^```python\n(.+?)^```$", (ROOT / page).read_text("utf-8"), re.M | re.S
    )
    return str(program)


ROWS = [
    *({"projectNo": f"K{n}", "satisfaction": 5, "pf": "pad"} for n in range(20)),
    {"projectNo": "K20", "satisfaction": 1, "pf": "pad", "writingEvaluation": "又让我开证明"},
    {"projectNo": "K21", "serviceTime": "2021-09-16 09:00:00"},
]
"""Ratings, a bad one among them, and a service record."""


def as_sent() -> list[str]:
    where = {"proDepart": "区人社局", "areaName": "张店区"}
    given = [{"assessTime": "2021-09-16 09:30:00"} if "satisfaction" in row else {} for row in ROWS]
    rows = [row | where | when for row, when in zip(ROWS, given, strict=True)]
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def test_what_they_send_is_as_the_document_tells() -> None:
    told = json.loads((ROOT / "docs" / "asyncapi.json").read_text("utf-8"))
    whole = Registry().with_resource("doc:", DRAFT7.create_resource(told))
    names = told["channels"]["ratings"]["messages"]
    each = [{"$ref": f"doc:#/components/messages/{name}/payload"} for name in names]
    allowed = Draft7Validator({"oneOf": each}, registry=whole)
    for row in as_sent():
        allowed.validate(json.loads(row))
        allowed.validate({"source": "bihuan"} | json.loads(row))


def collected(city: City, broker: Broker, count: int) -> list[tuple[str, int]]:
    """Takes in what the topic holds; the stored ratings with their levels."""
    collecting = Collecting(city.ledger, city.office.desk, broker)
    deadline = time.monotonic() + 60
    while count > 0 and time.monotonic() < deadline:
        count -= collecting.once(1.0)
    collecting.close()
    with city.office.database.read() as conn:
        found = conn.execute(select(ratings.c.project_no, ratings.c.level))
        return sorted(map(tuple, found))


def wanted() -> list[tuple[str, int]]:
    return sorted((str(r["projectNo"]), int(r["satisfaction"])) for r in ROWS[:21])


@pytest.mark.guarantee("G1")
def test_what_kcat_sends_is_collected(city: City, broker: Broker) -> None:
    lines = "\n".join(as_sent())
    _kcat(broker, "-P", "-t", broker.topic("ratings"), "-H", "source=bihuan", given=lines)
    assert collected(city, broker, len(ROWS)) == wanted()
    assert len(in_the_log(city)) > 1


@pytest.mark.guarantee("G1")
def test_what_confluent_kafka_sends_is_collected_once_however_often(
    city: City, broker: Broker
) -> None:
    producer = Producer({"bootstrap.servers": broker.servers, "compression.type": "gzip"})
    for row in as_sent() * 2:
        given = {"source": "bihuan"} | json.loads(row)
        producer.produce(broker.topic("ratings"), json.dumps(given).encode(), key=b"window-3")
    assert producer.flush(30) == 0
    assert collected(city, broker, 2 * len(ROWS)) == wanted()


def _kcat(broker: Broker, *words: str, given: str | None = None) -> str:
    program = shutil.which("kcat")
    if program is None:
        none_to_be_had("no kcat to be had")
    command = [str(program), "-b", broker.servers, "-q", *words]
    ended = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=60, check=True
    )
    return ended.stdout


def _run(program: str, given: dict[str, str]) -> list[str]:
    command = [sys.executable, "-c", program]
    ended = subprocess.run(
        command, env=os.environ | given, capture_output=True, text=True, timeout=60, check=True
    )
    return ended.stdout.splitlines()
