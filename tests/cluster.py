"""An office's processes side by side, treated badly; what was told to whom lies on another file,
and the database is held to it.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from city import City
from jobs import Hurrying
from over_http import NAME
from proxy import Proxy
from reactions import effects, make_room
from servers import steady_port
from sqlalchemy import Connection, func, select
from zygote import Child, Zygote

from console.accounts.tokens import Scope, make_token
from workflow import audit
from workflow.bus.broker import Broker
from workflow.bus.progress import behind, stands
from workflow.errors import Transient
from workflow.settings import ADDRESS
from workflow.storage.models import (
    commands,
    deadlines,
    events,
    messages,
    parked,
    progress,
    ratings,
)

SESSION = 6000 if "BIHUAN_TEST_KAFKA" in os.environ else 2000
"""Milliseconds until a member of a group is given up; a foreign broker may not allow less."""

PATIENCE = 180.0
"""Seconds to wait for what takes two: the machine may be busy with other things."""

RUN = ["run", "--port", "0"]
"""With a port of its own: others run at the same time."""

EMBEDDED = {"run": RUN, "second run": RUN, "clock": ["clock"]}
OVER_KAFKA = {
    "relay": ["relay"],
    "consumers": ["consume", "all"],
    "collector": ["collect"],
    "clock": ["clock"],
    "run": RUN,
}
"""`run` is all of them once more: two of each, then."""


class Cluster:
    """Its processes by name; `client` is the one outside. `through`: the way that all of them
    take to the database. `by_http`: with a console of its own, by which the client takes half of
    its steps.
    """

    def __init__(
        self,
        folder: Path,
        zygote: Zygote,
        broker: Broker | None = None,
        through: Proxy | None = None,
        *,
        by_http: bool = False,
    ) -> None:
        self._zygote, self._since = zygote, time.time_ns() // 1000
        self.commands: Mapping[str, Sequence[str]] = EMBEDDED if broker is None else OVER_KAFKA
        self.environment = {} if broker is None else environment_of(broker)
        if through is not None:
            self.environment["BIHUAN_DATABASE"] = through.way_to((folder / ADDRESS).read_text())
        self.acks, self._folder = folder.parent / "acks", folder
        self.city = City(folder, Hurrying(self._since))
        make_room(self.city.office.database)
        self.ways, self._api = set[str](), dict[str, str]()
        if by_http:
            self.ways = {"by_http", "by_call"}
            port, scopes = steady_port(), (Scope.INTAKE, Scope.STEPS)
            self.commands = {**self.commands, "console": ["serve", "--port", str(port)]}
            token = make_token(self.city.office, NAME, scopes, by="city")
            self._api = {"address": f"http://127.0.0.1:{port}", "token": token}
        self.children: dict[str, Child] = {}
        self._wanted, self._looked = 0, 0
        self._lines: list[dict[str, Any]] = []
        self.poison = 0
        """Messages that a story means to be parked."""
        self.poisoned: set[str] = set()
        """Consumers of which a story means to park records."""
        self.counting = {"counting"}
        """Consumers that leave an effect for each event."""
        self._joining = {consumer.name for consumer in self.city.office.consumers()}
        self._joining |= self.counting | ({"relay"} if broker else set())

    def start(self, *names: str, also: str = "") -> None:
        for name in names:
            given = {"command": self.commands[name], "session": SESSION, "also": also}
            self.children[name] = self._zygote.start("jobs:job", **given, **self._surroundings)

    def is_under_way(self) -> None:
        """Starts all of them, and waits until people have taken their first steps."""
        self.start(*self.commands)
        while not self.told()["event"]:
            self.asks(10)
            self.is_answered()
            self.settles()

    def asks(self, rounds: int) -> None:
        """Has the client, started where it is not there, do so many rounds more."""
        self._wanted += rounds
        wanted = self.acks.with_name("wanted")
        wanted.with_suffix(".new").write_text(str(self._wanted), encoding="utf-8")
        wanted.with_suffix(".new").replace(wanted)
        if "client" not in self.children:
            given = {"acks": str(self.acks), "wanted": str(wanted), "seed": str(self._wanted)}
            self.children["client"] = self._zygote.start(
                "jobs:client", **given, api=self._api, **self._surroundings
            )

    def answers(self, more: int, seconds: float = PATIENCE) -> None:
        """Waits until the client has so many answers more, or all that it wants."""
        deadline, enough = time.monotonic() + seconds, len(self._answers()) + more
        while len(self._answers()) < enough and not self._all_answered():
            assert time.monotonic() < deadline, "the client gets no answers"
            time.sleep(0.002)

    def is_answered(self, seconds: float = PATIENCE) -> None:
        """Waits until the client has an answer to all that it asked, and asks no more."""
        self.asks(0)
        deadline = time.monotonic() + seconds
        while not self._all_answered():
            assert time.monotonic() < deadline, "the client gets no answers"
            assert self.runs("client"), f"the client has ended: {self._zygote.told()}"
            time.sleep(0.01)

    def _all_answered(self) -> bool:
        return any(line.get("done", -1) >= self._wanted for line in self._told_so_far())

    @property
    def _surroundings(self) -> dict[str, Any]:
        return {
            "folder": str(self._folder),
            "environment": self.environment,
            "since": self._since,
        }

    def kill(self, *names: str) -> None:
        """All of them before any is waited for."""
        killed = [self.children.pop(name) for name in names]
        for child in killed:
            child.signal(signal.SIGKILL)
        for child in killed:
            child.wait()

    def runs(self, name: str) -> bool:
        """Whether it is still there; one that has ended waits to be asked for its exit code."""
        stat = Path(f"/proc/{self.children[name].pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] != "Z"

    def ends(self, name: str, seconds: float = PATIENCE) -> int:
        """Waits for one that ends by itself; answers its exit code."""
        deadline = time.monotonic() + seconds
        while self.runs(name):
            assert time.monotonic() < deadline, f"{name} does not end"
            time.sleep(0.05)
        return self.children.pop(name).wait()

    def settles(self, seconds: float = PATIENCE) -> None:
        """Waits, and does nothing: until all queues are empty and all timers of now have rung.
        Then, at that moment, nothing accepted is lost, no effect doubled, order kept, and the books
        are right.
        """
        now, deadline = self.city.clock(), time.monotonic() + seconds
        waiting: dict[str, object] = {"database": "away"}
        while True:
            with suppress(Transient), self.city.office.database.read() as conn:
                waiting = self._waiting(conn, now)
                if not waiting:
                    return self._holds(conn)
            assert time.monotonic() < deadline, f"still waiting: {waiting}"
            time.sleep(0.05)

    def _waiting(self, conn: Connection, now: int) -> dict[str, object]:
        joined = set(conn.execute(select(progress.c.consumer)).scalars())
        there = set(conn.execute(select(ratings.c.project_no)).scalars())
        found = {
            "to join": self._joining - joined,
            "behind": behind(conn),
            "timers": _count(conn, deadlines, deadlines.c.next_at <= now),
            "ratings": len(self._sent() - there),
            "messages": _count(conn, messages, messages.c.status == "trying"),
            "tries": _count(conn, parked, parked.c.status == "trying"),
        }
        return {what: waits for what, waits in found.items() if waits}

    def _answers(self) -> list[dict[str, Any]]:
        return [line for line in self._told_so_far() if "answered" in line]

    def _told_so_far(self) -> list[dict[str, Any]]:
        """The client's lines; only what came since the last look is read."""
        if self.acks.exists():
            with self.acks.open("rb") as file:
                file.seek(self._looked)
                more = file.read()
            whole = more[: more.rfind(b"\n") + 1]
            self._looked += len(whole)
            self._lines += map(json.loads, whole.splitlines())
        return self._lines

    def _sent(self) -> set[str]:
        return {p for line in self._answers() for p in line.get("projects", ())}

    def _holds(self, conn: Connection) -> None:
        assert audit.check(conn, self.city.office.keys) == []
        self._everything_told_is_there(conn)
        for name in self.counting:
            each_once_and_in_order(conn, name)
        wrong = select(parked.c.consumer, parked.c.status, parked.c.error).where(
            parked.c.status != "overtaken", parked.c.consumer.not_in(self.poisoned)
        )
        assert conn.execute(wrong).all() == [], conn.execute(wrong).all()
        assert _count(conn, messages) == self.poison

    def _everything_told_is_there(self, conn: Connection) -> None:
        keys = {r.key: f"{r.subject}-{r.version}" for r in conn.execute(select(commands))}
        known = {f"{r.subject}-{r.version}" for r in conn.execute(select(events))}
        for line in self._answers():
            if "event" in line:
                assert keys[line["answered"]] == line["event"], "an answered step is gone"
                assert line["event"] in known, "an answered event is gone"
            elif "refused" in line:
                assert line["answered"] not in keys, "a refused step was taken"
        repeated = Counter(conn.execute(select(ratings.c.project_no)).scalars())
        assert set(repeated.values()) <= {1}, "a rating was taken in twice"

    def told(self) -> Counter[str]:
        """How many answers of each kind, and how many by each way."""
        kinds, answers = ("event", "refused", "projects"), self._answers()
        ways = {line["asked"]: line["how"] for line in self._lines if "asked" in line}
        told = Counter(kind for line in answers for kind in kinds if kind in line)
        return told + Counter(ways[line["answered"]] for line in answers)

    def progress_of(self, name: str) -> dict[int, tuple[int, int]]:
        with self.city.office.database.read() as conn:
            return stands(conn, name)

    def close(self) -> None:
        self.kill(*self.children)
        self.city.close()


def environment_of(broker: Broker) -> dict[str, str]:
    return {
        "BIHUAN_KAFKA": broker.servers,
        "BIHUAN_KAFKA_PREFIX": broker.prefix,
        "BIHUAN_KAFKA_PARTITIONS": str(broker.partitions),
    }


def _count(conn: Connection, table: Any, *where: Any) -> int:
    return int(conn.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


def each_once_and_in_order(conn: Connection, name: str) -> None:
    query = select(events.c.subject, events.c.version).where(events.c.subject.like("CP%"))
    log = [tuple(row) for row in conn.execute(query.order_by(events.c.version))]
    done = effects(conn, name)
    by_subject = sorted(done, key=lambda pair: pair[0])  # stable: the order of the effects stays
    assert len(done) == len(log), f"{name}: {len(done)} effects of {len(log)} events"
    assert by_subject == sorted(log), f"{name}: out of order"
