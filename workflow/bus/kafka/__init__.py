"""Kafka, spoken nowhere else: whole batches sent and awaited, reading with own commits; `topics`
are made and checked beside.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.cluster import ClusterMetadata
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch
from kafka.record.util import decode_varint
from kafka.structs import MemberState

from workflow.bus.broker import Broker, Message
from workflow.bus.causes import READ, WRITE, failed, heard_out, told
from workflow.bus.offsets import Offsets
from workflow.bus.standing import Standing
from workflow.bus.unpacking import bound
from workflow.errors import Away

LOGGER = logging.getLogger("bihuan.kafka")
bound(DefaultRecordBatch, DefaultRecord, decode_varint)
heard_out(KafkaTCPTransport, KafkaSSLTransport)
ClusterMetadata.DEFAULT_CONFIG["allow_auto_create_topics"] = False
"""Whoever asks for a topic must not make it, with partitions as the broker likes: the client hands
this setting of its consumers and producers on to nobody.
"""
logging.getLogger("kafka").setLevel(logging.CRITICAL)
"""The client tells of every connection it tries; what it comes to is told here."""
SENT_WITHIN = 30.0
"""Seconds a batch may take; a wedged producer never fails its futures, so we time it ourselves."""
ANSWERED_WITHIN, CLOSED_WITHIN, CLOSED_WITHIN_MS = 2.0, 2.0, 2000
SESSION_MS = 10_000
POLLED_WITHIN_MS = 120_000
"""A member that is silent, or handles what it read, for longer has lost its partitions."""
ASKED = 5.0
"""Seconds without a message after which the broker is asked whether it is there."""
JUST_TOLD = 5.0
SILENT = 60.0
"""Seconds without a message while there are some: the consumer is built anew."""


class Publisher:
    """Sends whole batches; a producer that failed once is not trusted again."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._producer: KafkaProducer | None = None

    def publish(self, messages: Sequence[Message]) -> None:
        """Returns when the broker has acknowledged every one. Raises Away when not, Unwritable
        where we may not write; some may have arrived all the same.
        """
        deadline = time.monotonic() + SENT_WITHIN
        name = messages[0].topic if messages else ""
        last = max((message.partition for message in messages), default=-1)
        with self._producing(name) as producer:
            if last >= 0 and last not in producer.partitions_for(self._broker.topic(name)):
                raise UnknownTopicOrPartitionError(self._broker.topic(name))
            sent = [producer.send(*self._broker.sent(message)) for message in messages]
            for future in sent:
                future.get(timeout=max(0.1, deadline - time.monotonic()))

    @contextmanager
    def _producing(self, topic: str = "") -> Iterator[KafkaProducer]:
        try:
            self._producer = self._producer or KafkaProducer(**self._broker.producing)
            yield self._producer
        except KafkaError as error:
            lacks = self._producer and _lacks(self._broker, topic, self._producer._metadata)
            self.give_up()  # what is not sent yet must not follow what was not taken
            self.close()
            if lacks and isinstance(error, (KafkaTimeoutError, UnknownTopicOrPartitionError)):
                raise Away(lacks) from error
            raise failed(error, self._broker.topic(topic), WRITE) from error

    def ask(self) -> None:
        """Whether the broker is there. Raises Away when not."""
        answered = threading.Event()
        with self._producing() as producer:
            producer._metadata.request_update().add_callback(lambda _: answered.set())
            producer._sender.wakeup()
            if not answered.wait(ANSWERED_WITHIN):
                raise KafkaTimeoutError

    def give_up(self) -> None:
        """From another thread: the batch in hand fails at once; it is sent again some day."""
        if (producer := self._producer) is not None:
            producer._sender.force_close()

    def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.close(timeout=CLOSED_WITHIN)
            except KafkaError:  # it flushes first; where that takes too long its thread lives on
                producer._sender.force_close()


class Subscription:
    """One group's reading of one topic. Offsets are committed only when told to."""

    def __init__(self, broker: Broker, topic: str, group: str) -> None:
        self._broker, self._topic, self._group = broker, topic, group
        self._consumer: KafkaConsumer | None = None
        self._standing, self._seen = Standing(topic), Offsets()
        self._heard = self._asked = self._there = time.monotonic()
        self._lacked, self._which = -SILENT, None
        self.reached = False
        """Whether the broker is there: a poll of one that is away brings nothing, and no error."""

    def poll(self, seconds: float, most: int) -> list[Message]:
        """At most `most`, in order within a partition; none while the broker is away."""
        try:
            consumer = self._consumer = self._consumer or self._built()
            if self._seen.due:
                consumer.commit_async(self._offsets())
            polled = self._polled(consumer, seconds, most)
            if hidden := consumer._cluster.unauthorized_topics:  # of which its poll says nothing
                raise TopicAuthorizationFailedError(hidden)
        except KafkaError as error:
            self.reached = False
            silent = time.monotonic() - self._there > SILENT
            # A new member would wait for the session of the old one to end.
            if silent or not isinstance(error, KafkaConnectionError):
                said = told(error, self._broker.topic(self._topic), READ)
                LOGGER.warning("reading %s failed, it is begun anew: %s", self._topic, said)
                self.close()
            time.sleep(seconds)
            return []
        read = chain.from_iterable(polled.values())
        found = [Message(r.topic, r.partition, r.key, r.value, r.headers, r.offset) for r in read]
        self._standing.look(consumer, now := time.monotonic(), there=self.reached)
        if found:
            self._heard, self._asked, self._there, self.reached = now, now, now, True
        elif not self.reached or now - self._asked > ASKED:
            self._ask(consumer, silent=now - self._heard > SILENT)
        return found

    def _polled(self, consumer: KafkaConsumer, seconds: float, most: int | None = None) -> Any:
        polled = consumer.poll(timeout_ms=int(seconds * 1000), max_records=most)
        group = consumer.group_metadata()
        if self._made_anew(consumer):
            polled = {}
        firsts = {place: records[0].offset for place, records in polled.items()}
        self._seen.polled((group.member_id, group.generation_id), firsts)
        return polled

    def _made_anew(self, consumer: KafkaConsumer) -> bool:
        """Another topic of this name is read from its beginning, whatever was seen of the first."""
        which, before = consumer._cluster.topic_id(self._broker.topic(self._topic)), self._which
        self._which = which or before
        if not (which and before) or which == before:
            return False
        LOGGER.warning("%s was made anew: it is read from its beginning", self._topic)
        if mine := consumer.assignment():
            consumer.seek_to_beginning(*mine)
        self._seen.begin_anew(mine)
        return True

    def _ask(self, consumer: KafkaConsumer, silent: bool) -> None:
        """Silence means that there is nothing, or that the broker is away, or a stuck consumer."""
        self._asked, mine = time.monotonic(), list(consumer.assignment())
        lacks = _lacks(self._broker, self._topic, consumer._cluster)
        if lacks and self._asked - self._lacked > SILENT:
            LOGGER.warning("reading %s: %s", self._topic, lacks)
            self._lacked = self._asked
        first = TopicPartition(self._broker.topic(self._topic), 0)
        try:
            ends = consumer.end_offsets(mine or [first], timeout_ms=2000)
            stands = any(consumer.position(p, timeout_ms=2000) < ends[p] for p in mine)
            stuck = silent and (stands or consumer.group_metadata().state != MemberState.STABLE)
            self.reached, self._there = True, time.monotonic()
        except KafkaError:
            self.reached, stuck = False, time.monotonic() - self._there > SILENT
        if stuck:
            LOGGER.warning("%s is silent; the consumer is built anew", self._topic)
            self.close()

    def commit(self, messages: Sequence[Message], *, at_once: bool = False) -> None:
        """Everything up to these has been seen to: told once a second, or at once, and at the end.
        That it fails is no error: what comes again is recognised.
        """
        for message in messages:
            self._seen.saw((message.topic, message.partition), message.offset)
        if at_once and self._consumer is not None:
            self._consumer.commit_async(self._offsets())

    def _offsets(self) -> dict[TopicPartition, OffsetAndMetadata]:
        told = self._seen.told().items()
        return {TopicPartition(*place): OffsetAndMetadata(to, "", -1) for place, to in told}

    def hold(self, seconds: float) -> None:
        """Stays a member while what was read cannot be worked on; nothing more is read."""
        if (consumer := self._consumer) is None:
            time.sleep(seconds)
            return
        try:
            consumer.pause(*consumer.assignment())
            for place, records in self._polled(consumer, seconds).items():
                consumer.seek(place, records[0].offset)  # it has just become ours
            consumer.resume(*consumer.paused())
        except KafkaError:
            self.close()

    def _built(self) -> KafkaConsumer:
        return KafkaConsumer(
            self._broker.topic(self._topic),
            **self._broker.client,
            group_id=f"{self._broker.prefix}{self._group}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 3,
            max_poll_interval_ms=POLLED_WITHIN_MS,
        )

    def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._heard = self._there = time.monotonic()
        if consumer is not None:
            with suppress(Exception):  # who closes it goes on, whatever the client says
                try:
                    if self.reached:
                        consumer.commit(self._offsets(), timeout_ms=CLOSED_WITHIN_MS)
                finally:
                    consumer.close(autocommit=False, timeout_ms=CLOSED_WITHIN_MS)


def _lacks(broker: Broker, topic: str, metadata: Any) -> str:
    """What is wrong with this topic, where the broker has just told of it."""
    if not topic or time.monotonic() - metadata._last_successful_refresh_ms / 1000 > JUST_TOLD:
        return ""
    return broker.lacks(topic, len(metadata.partitions_for_topic(broker.topic(topic)) or ()))
