"""The composition root: settings read once, everything built here and handed down."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from sqlalchemy import func, select

from console.counting import Counting
from console.gateway import CHANNELS, ProgramGateway
from workflow.bus.broker import Broker
from workflow.bus.consumer import Consumer
from workflow.bus.embedded import EmbeddedBus
from workflow.clock import Clock, system_clock
from workflow.errors import Away, Busy, InvalidInput, NotLetIn
from workflow.intake import Desk
from workflow.ledger import Ledger
from workflow.outbox import Channel
from workflow.policy import Policies
from workflow.rulebook import Rulebook
from workflow.settings import Settings
from workflow.settings_kafka import KafkaSettings
from workflow.storage.database import Database
from workflow.storage.models import lanes, sequences
from workflow.storage.models import units as units_table
from workflow.storage.schema import is_new, prepare
from workflow.storage.sqlite import SqliteDatabase, unwritable
from workflow.storage.vault import Keys, Vault, load_keys
from workflow.units import SHIPPED, UnitList, load, revision, seed, stored

STANDING_CLOCK = "standing_clock"
"""The row of `sequences` (microseconds UTC) of a demo's desk, whose time stands where the last
process left it, and goes on only while somebody works.
"""


LOGGER = logging.getLogger("bihuan.office")

TRIED_EVERY, TOLD_EVERY = 1.0, 600.0
"""Seconds from one try to open a database that is away to the next, and to the next word of it."""


@dataclass(frozen=True)
class Office:
    """One office's running parts: what commands, desks and the demo are handed. `wall` is the
    host's clock also where the office's own stands still: sign-in goes by it.
    """

    data: Path
    settings: Settings
    database: Database
    keys: Keys
    rulebook: Rulebook
    ledger: Ledger
    clock: Clock
    wall: Clock
    counting: Counting
    _units: dict[int, UnitList] = field(default_factory=dict)

    @property
    def vault(self) -> Vault:
        return self.ledger.vault

    @property
    def units(self) -> UnitList:
        """The list of units in force, read anew once any process has replaced it."""
        with self.database.read() as conn:
            now = revision(conn)
            found = self._units.get(now)
            if found is None:
                found = stored(conn)
                self._units.clear()
                self._units[now] = found
        return found

    def unit_name(self, code: str) -> str:
        """The unit's name in the list in force; its code where it has left the list."""
        return self.units.names.get(code, code)

    def desk(self, own: str | None = None) -> Desk:
        """What collecting needs to make rows ready; a unit's clerk brings his `own` alone."""
        policy = self.rulebook.in_force(self.clock())
        return Desk(self.units, policy.zone, self.keys.match, own)

    def bus(self) -> EmbeddedBus:
        return EmbeddedBus(self.ledger, self.consumers())

    def consumers(self) -> tuple[Consumer, ...]:
        """Every reaction there is, in the order of the loop."""
        from consumers import register  # noqa: PLC0415  # the views alone need none of them

        return tuple(register(self, frozenset(self.channels())))

    def consumer(self, name: str) -> Consumer:
        """Raises InvalidInput for a name that is none's."""
        known = {consumer.name: consumer for consumer in self.consumers()}
        if name not in known:
            raise InvalidInput("name", name, f"没有这个消费者；有：{'、'.join(known)}")
        return known[name]

    def channels(self) -> Mapping[str, Channel]:
        """The ways to a citizen that have a gateway; none is configured: none."""
        program = self.settings.gateway
        return (
            {}
            if program is None
            else dict.fromkeys(CHANNELS, ProgramGateway(program, self.settings.citizen_url))
        )

    @cached_property
    def broker(self) -> Broker | None:
        """Where Kafka carries the log; None: the bus is embedded. Raises InvalidInput."""
        return KafkaSettings.broker()

    def drain(self) -> bool:
        """Lets the consumers catch up with the log; False if other processes do so, as always
        where there is Kafka.
        """
        return self.broker is None and self.bus().drain()

    def close(self) -> None:
        self.counting.close()
        self.database.close()


def open_office(
    data: Path | None = None, clock: Clock = system_clock, *, embedded: bool = False
) -> Office:
    """Opens (and on first use prepares) the database of a folder: BIHUAN_DATA, else ./data;
    its own file where it is asked for `embedded`.
    """
    gc.set_threshold(50_000, 20, 20)  # rows and records live for one batch, and form no cycles
    settings = Settings.read(data)
    if embedded:
        settings = settings.model_copy(update={"database": None})
    with ExitStack() as opening:
        database, keys = _opened(settings)
        opening.callback(database.close)
        prepare(database, keys)
        _seed_units(database)
        rulebook = Rulebook(Policies.load(), settings.profile)
        wall, clock = clock, _standing(database) if clock is system_clock else clock
        ledger = Ledger(database, rulebook, keys, clock)
        with database.read() as conn:
            rulebook.refresh(conn)
        opening.pop_all()
    counting = Counting(settings.data, embedded=settings.database is None)
    return Office(settings.data, settings, database, keys, rulebook, ledger, clock, wall, counting)


def _opened(settings: Settings) -> tuple[Database, Keys]:
    """The database and its keys. Whether it is new is asked before it is made: whoever makes a
    database has made its key before.
    """
    path = settings.data / "bihuan.db"
    try:
        if settings.database is None:
            keys = load_keys(settings.data, settings.key, new=not path.exists())
            return SqliteDatabase(path), keys
        server = server_at(settings.database)
        return server, load_keys(settings.data, settings.key, new=is_new(server))
    except OSError as error:
        raise unwritable(settings.data, error) from error


def server_at(address: str) -> Database:
    """The PostgreSQL database of this address. Raises InvalidInput."""
    try:
        from workflow.storage.postgres import PostgresDatabase  # noqa: PLC0415  # an extra

        return PostgresDatabase(address)
    except ImportError:
        reason = "需要安装 PostgreSQL 驱动：uv sync --extra postgres"
        raise InvalidInput("BIHUAN_DATABASE", "", reason) from None


def _standing(database: Database) -> Clock:
    """The host's clock, or a demo's: on from where it stood, at the host's pace."""
    stood = stood_at(database)
    if stood is None:
        return system_clock
    behind = system_clock() - stood
    return lambda: system_clock() - behind


def stood_at(database: Database) -> int | None:
    """Where a demo's desk was left (microseconds UTC); None: this is no demo's."""
    with database.read() as conn:
        query = select(sequences.c.value).where(sequences.c.name == STANDING_CLOCK)
        stood = conn.execute(query).scalar()
        last = conn.execute(select(func.max(lanes.c.recorded_at))).scalar() or 0
    return None if stood is None else max(stood, last)


def _seed_units(database: Database) -> None:
    with database.read() as conn:
        if conn.execute(select(func.count()).select_from(units_table)).scalar_one():
            return
    with database.write() as conn:
        database.alone(conn)
        if not conn.execute(select(func.count()).select_from(units_table)).scalar_one():
            seed(conn, load(SHIPPED))


@contextmanager
def office(
    data: Path | None = None,
    clock: Clock = system_clock,
    *,
    embedded: bool = False,
    patient: bool = False,
) -> Iterator[Office]:
    """An office, closed at the end; who is `patient` waits for a database that is away."""
    opens = partial(open_office, data, clock, embedded=embedded)
    opened = _awaited(opens) if patient else opens()
    try:
        yield opened
    finally:
        opened.close()


def _awaited(opens: Callable[[], Office]) -> Office:
    """Opened as soon as the database is there. Raises NotLetIn."""
    told = -TOLD_EVERY
    while True:
        try:
            return opens()
        except NotLetIn:
            raise
        except (Away, Busy) as error:
            if (now := time.monotonic()) - told >= TOLD_EVERY:
                LOGGER.warning("nothing is begun until the database is there: %s", error)
                told = now
        time.sleep(TRIED_EVERY)
