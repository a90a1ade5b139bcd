"""归集: the topic `ratings` taken in by the bulk path; a message that cannot be is parked whole and
stops nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from producers.message import Reading, reason_of
from producers.reading import ReadingAhead
from schemas.rating import Refusal
from workflow.answers import Answers
from workflow.bus.broker import Broker, Message
from workflow.bus.copies import Copies, Poison
from workflow.bus.kafka import Subscription
from workflow.bus.lease import seat
from workflow.bus.pulse import Pulse
from workflow.bus.singly import KILLED, TRIES
from workflow.collection import MOST, collect_ready
from workflow.errors import Transient
from workflow.intake import Desk
from workflow.ledger import Ledger
from workflow.storage import messages
from workflow.storage.messages import Parcel

POLL = 1.0

LOGGER = logging.getLogger("bihuan.collect")


class Collecting:
    """One member of the group that takes `ratings` in. `desk` is asked anew for each batch: the
    list of units may have been replaced.
    """

    def __init__(self, ledger: Ledger, desk: Callable[[], Desk], broker: Broker) -> None:
        self._ledger, self._desk, self._copies = ledger, desk, Copies(broker)
        self._subscription = Subscription(broker, "ratings", "collect")
        self._stopped = threading.Event()
        self._singly: dict[int, int] | None = None
        self._careful = False
        self._reading = ReadingAhead(desk)
        self._ahead: list[Message] = []
        self._trying: Message | None = None
        self.pulse = Pulse("collect")

    def stop(self) -> None:
        """After the batch in hand."""
        self._stopped.set()

    def run(self) -> None:
        """Until stopped, whatever happens."""
        seated = seat(self._ledger.database, "collect", self._stopped, [self.pulse])
        if seated is None:
            return
        lease, clean = seated
        self._singly, self._careful = (None, False) if clean else ({}, True)
        under_it = [self._stopped, [self.pulse]]
        keeper = threading.Thread(target=lease.keep, args=under_it, daemon=True)
        keeper.start()
        while not self._stopped.is_set():
            try:
                self.once(POLL)
            except Exception:
                self.pulse.beats("waiting")
                LOGGER.exception("collecting was stopped by an error; it starts again")
                self._subscription.close()  # what it had read comes again
                self._reading.close()
                self._ahead = []
                self._stopped.wait(POLL)
        keeper.join()
        self.close()
        lease.release()

    def once(self, seconds: float) -> int:
        """One poll's messages; answers how many were seen to. The next ones are polled, and many
        are read, while the database stores these. While it is away it stays a member and tries
        again.
        """
        received, self._ahead = self._ahead or self._polled(seconds), []
        if not received:
            self._reading.close()  # it has a process's memory, and there is no backlog
        while received and not self._stopped.is_set():
            try:
                self._take(received)
            except Transient as away:
                LOGGER.warning("collecting waits: %s", away)
                self.pulse.beats("waiting")
                self._subscription.hold(POLL)
            else:
                self._subscription.commit(received, at_once=True)
                return len(received)
        return 0

    def _polled(self, seconds: float) -> list[Message]:
        """While those of the partition polled last run singly, one: what it would come with may be
        what kills the process before any is counted.
        """
        received = self._subscription.poll(seconds, 1 if self._careful else MOST)
        self.pulse.beats("working" if self._subscription.reached else "waiting")
        if received:
            self._careful = any(self._left(message) for message in received)
        if not self._careful:
            self._reading.begin(received)
        return received

    def close(self) -> None:
        self._reading.close()
        self._subscription.close()
        self._copies.close()

    def _take(self, received: Sequence[Message]) -> None:
        """All of them, committed when this returns."""
        if any(self._left(message) for message in received):
            received = [message for message in received if not self._alone(message)]
        if received:
            readings = self._read(received)
            self._ahead = self._ahead or self._polled(0.0)  # its failure is no fault of these
            self._together(received, readings)

    def _read(self, received: Sequence[Message]) -> Sequence[Reading]:
        """Nothing where one of them cannot be read: it is found when each is taken alone."""
        try:
            return self._reading.read(received)
        except Transient:
            raise
        except Exception:
            return ()

    def _left(self, message: Message) -> int:
        """How many of its partition run singly still: after an unclean stop as many as a poll may
        bring.
        """
        return 0 if self._singly is None else self._singly.get(message.partition, MOST)

    def _alone(self, message: Message) -> bool:
        """Whether it was one of those, and is seen to."""
        if not (left := self._left(message)):
            return False
        self._singly = {**(self._singly or {}), message.partition: left - 1}
        self._counted(message)
        return True

    def _counted(self, message: Message) -> None:
        """Alone, its try counted before: one that kills the process is seen to. While the database
        keeps it waiting that is one try.
        """
        tries = self._tries(message) if message != self._trying else 1
        self._trying = message
        if tries > TRIES:
            self._copies.keep(self._park([(message, KILLED)]))
        elif tries > 0:
            self._together([message])

    def _together(self, received: Sequence[Message], readings: Sequence[Reading] = ()) -> None:
        """In as few transactions as there are sources; if that fails, each for itself."""
        try:
            self._store(received, readings or self._reading.read(received))
        except Transient:
            raise
        except Exception as error:  # what it says may show the message: its name must do
            if len(received) > 1:
                for message in received:
                    self._together([message])
                    self.pulse.beats("working")
                return
            LOGGER.warning("a message could not be taken in: %s", type(error).__name__)
            self._copies.keep(self._park([(received[0], type(error).__name__)]))

    def _store(self, received: Sequence[Message], readings: Sequence[Reading]) -> None:
        at = dict(enumerate(received, 1))
        poison = [(at[reading.number], reading.error) for reading in readings if reading.error]
        if poison:
            poison = self._park(poison)
        by_source: dict[str, list[Reading]] = {}
        for reading in readings:
            if not reading.error:
                by_source.setdefault(reading.source, []).append(reading)
        for source, group in by_source.items():
            poison += self._collect(source, group, at)
        self._copies.keep(poison)

    def _collect(
        self, source: str, group: Sequence[Reading], at: Mapping[int, Message]
    ) -> list[Poison]:
        """One batch; a row that is refused is kept with its reason, to be tried again. Answers
        those that were not kept before.
        """
        refused: list[Poison] = []

        def fresh(conn: Connection, refusal: Refusal) -> bool:
            return self._kept(conn, at[refusal.row], "parked", reason_of(refusal)) > 0

        def also(conn: Connection, answers: Answers) -> None:
            refused[:] = [
                (at[answer.number], reason_of(answer.refusal))
                for answer in answers.rows
                if answer.refusal is not None
            ]
            messages.forget(conn, self._ledger.vault, [_parcel(at[one.number]) for one in group])

        rows = [reading.row for reading in group if reading.row is not None]
        bad = [reading.refusal for reading in group if reading.refusal is not None]
        collect_ready(self._ledger, self._desk(), source, rows, bad, also=also, fresh=fresh)
        return refused

    def _tries(self, message: Message) -> int:
        """With this one; 0 for a message that is kept already."""
        with self._ledger.database.write() as conn:
            return self._kept(conn, message, "trying", KILLED)

    def _park(self, poison: Sequence[Poison]) -> list[Poison]:
        """Answers those that were not kept before."""
        with self._ledger.database.write() as conn:
            return [(m, error) for m, error in poison if self._kept(conn, m, "parked", error)]

    def _kept(self, conn: Connection, message: Message, status: str, error: str) -> int:
        """How many times it has come now; 0 if it was kept before."""
        vault, now = self._ledger.vault, self._ledger.now(conn)
        return messages.park(conn, vault, _parcel(message), status, error, now)


def _parcel(message: Message) -> Parcel:
    topic, partition, key, value, headers, offset = message
    return Parcel(topic, partition, offset, key, value, headers)
