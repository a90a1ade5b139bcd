"""The bus over Kafka: every consumer follows the topic as a group of its own, in a thread of its
own; progress and effects are the database's, as ever.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial

from workflow.bus import progress
from workflow.bus.arrivals import LATE, Standstill
from workflow.bus.broker import Broker, Message
from workflow.bus.cloudevents import row_from
from workflow.bus.consumer import Consumer
from workflow.bus.copies import Copies
from workflow.bus.kafka import Subscription
from workflow.bus.lease import seat
from workflow.bus.pulse import Pulse
from workflow.bus.runner import BATCH, Runner
from workflow.clock import TURN
from workflow.errors import InvalidInput, Transient
from workflow.ledger import Ledger
from workflow.record import Record, bare, record_of

POLL = 1.0
PASSED_WITHIN = 0.5
"""Seconds that records which a consumer does not handle may wait to be passed over."""

FAR = 2000
"""Positions behind the relay from which a consumer that starts reads the log instead."""

STOPPED_WITHIN = 6.0

LOGGER = logging.getLogger("bihuan.bus")


class Following:
    """One consumer as a member of its group."""

    def __init__(
        self,
        runner: Runner,
        pulse: Pulse,
        broker: Broker,
        copies: Copies,
        stopped: threading.Event,
    ) -> None:
        self.runner, self.pulse = runner, pulse
        self._copies, self._stopped = copies, stopped
        self._messages: list[Message] = []
        self._records: list[Record] = []
        """What was read and waits to be worked on."""
        self._since, self._standstill = 0.0, Standstill()
        self._subscription = Subscription(broker, "complaints", runner.consumer.name)

    def run(self) -> None:
        """Until stopped, whatever happens."""
        while not self._stopped.is_set():
            try:
                self._join()
                while not self._stopped.is_set():
                    self.once(POLL)
                    self._fill()
            except Transient as away:
                self.pulse.beats("waiting")
                LOGGER.warning("%s waits: %s", self.pulse.name, away)
            except Exception:
                self.pulse.beats("waiting")
                LOGGER.exception("%s was stopped by an error; it starts again", self.pulse.name)
                self._subscription.close()  # what it had read comes again
                self._messages, self._records = [], []
            self._stopped.wait(POLL)
        self._subscription.close()

    def once(self, seconds: float) -> int:
        """One poll's records; answers how many positions the consumer has moved past. Those of
        which it handles none wait a moment for others: passing them alone costs as much. While the
        database is away it stays a member and tries again.
        """
        messages = self._subscription.poll(seconds, BATCH)
        self.pulse.beats("working" if self._subscription.reached else "waiting")
        if not self._messages:
            self._since = time.monotonic()
        records = [r for message in messages if (r := self._record(message)) is not None]
        self._messages += messages
        self._records += records
        if messages and not self._due(records):
            return 0
        moved = self._fed(self._records) if self._records else 0
        if moved is not None:
            self._subscription.commit(self._messages)
            self._messages, self._records = [], []
        return moved or 0

    def _due(self, records: Sequence[Record]) -> bool:
        handles = self.runner.consumer.handles
        waited = time.monotonic() - self._since > PASSED_WITHIN or len(self._messages) >= BATCH
        return waited or any(record.type in handles for record in records)

    def close(self) -> None:
        self._subscription.close()

    def _fed(self, records: Sequence[Record]) -> int | None:
        """None if told to stop before it could be done."""
        while not self._stopped.is_set():
            try:
                return self.runner.feed(records)
            except Transient as away:
                LOGGER.warning("%s waits: %s", self.pulse.name, away)
                self.pulse.beats("waiting")
                self._subscription.hold(POLL)
        return None

    def _record(self, message: Message) -> Record | None:
        """Decoded only if the consumer handles it and it is not at hand; one that does not decode
        is left to the log.
        """
        try:
            row = row_from(message.value, message.headers)
        except InvalidInput as wrong:
            self._copies.keep([(message, str(wrong))])
            return None
        if row.type not in self.runner.consumer.handles:
            return bare(row)
        known = self.runner.ledger.recent.record(row.lane, row.pos)
        if known is not None:
            return known
        try:
            return record_of(row)
        except Exception:  # whatever it is: the log says what that event is, if it is one
            return bare(row)

    def _join(self) -> None:
        """A new consumer, and one that was away for long, comes near the relay by the log."""
        consumer, database = self.runner.consumer, self.runner.ledger.database
        with database.write() as conn:
            progress.join_source(conn, consumer.name, consumer.start)
        while not self._stopped.is_set():
            with database.read() as conn:
                mine = progress.stands(conn, consumer.name)
                relayed = progress.stands(conn, "relay")
            if sum(relayed[lane][0] - mine[lane][0] for lane in relayed) < FAR:
                return
            self.runner.step()
            self.pulse.beats("working")

    def _fill(self) -> None:
        """What the topic lost, or keeps back, is read from the log; between times it is polled."""
        if not self._standstill.due:
            return
        behind, before, until = self._behind(), None, time.monotonic() + LATE
        if not self._standstill.seen(behind):
            return
        LOGGER.warning("%s reads from the log what the topic does not bring", self.pulse.name)
        while behind and behind != before and time.monotonic() < until:
            self.runner.step()
            self.pulse.beats("working" if self._subscription.reached else "waiting")
            before, behind = behind, {} if self._stopped.is_set() else self._behind()

    def _behind(self) -> dict[int, int]:
        with self.runner.ledger.database.read() as conn:
            return progress.before(conn, self.runner.consumer.name, "relay")


class TopicBus:
    """Consumers of one process. Any number of processes share the topic's partitions."""

    def __init__(self, ledger: Ledger, consumers: Sequence[Consumer], broker: Broker) -> None:
        self.ledger, self.consumers, self._broker = ledger, tuple(consumers), broker
        self.pulses = tuple(Pulse(consumer.name) for consumer in self.consumers)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """After the batches in hand."""
        self._stopped.set()

    def run(self) -> None:
        """Until stopped, and then for seconds at most."""
        seated = seat(self.ledger.database, "consumers", self._stopped, self.pulses)
        if seated is None:
            return
        lease, clean = seated
        sys.setswitchinterval(TURN)
        copies = Copies(self._broker)
        threads = [
            threading.Thread(target=member.run, name=member.pulse.name, daemon=True)
            for member in self._members(copies, clean)
        ]
        for thread in threads:
            thread.start()
        lease.keep(self._stopped, self.pulses)
        deadline = time.monotonic() + STOPPED_WITHIN
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        copies.close()
        lease.release(clean=not any(thread.is_alive() for thread in threads))

    def _members(self, copies: Copies, clean: bool) -> list[Following]:
        runners = [
            Runner(self.ledger, c, unclean=not clean, on_parked=partial(copies.record, c.name))
            for c in self.consumers
        ]
        return [
            Following(runner, pulse, self._broker, copies, self._stopped)
            for runner, pulse in zip(runners, self.pulses, strict=True)
        ]
