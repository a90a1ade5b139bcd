"""Several processes that run the same consumers on one server, lane by lane: each is known by a
row of its own, so that the others see a kill.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Connection, delete, select

from workflow.bus.lease import Lease, runs_out
from workflow.bus.progress import EVERYTHING, Share
from workflow.storage.database import Database
from workflow.storage.models import leases

CAREFUL = "runner"
_OTHERS = select(leases).where(leases.c.name.like(f"{CAREFUL}/%"))


class Crew:
    """What a lease is to one process at a time: here all work, and their claims keep them apart.

    After an unclean stop of any of them one goes on carefully, alone, until nothing lies beyond;
    the others stand by, or what killed the first would kill them all.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self.database = database
        self._own = Lease(database, f"{CAREFUL}/{uuid4().hex}", clock)
        self._careful = Lease(database, CAREFUL, clock)
        self._alone = False

    def acquire(self) -> bool | None:
        """None while another one goes on carefully, else whether everybody ended cleanly."""
        self._own.acquire()
        if self._fallen():
            return self._take_care()
        if self._careful.elsewhere():
            self._leave()
            return None
        return True

    def renew(self) -> bool:
        """False when somebody fell, or goes on carefully: stop, and ask again."""
        if not self._own.renew():
            return False
        if self._alone:
            return self._careful.renew()
        return not (self._fallen() or self._careful.elsewhere())

    def share(self, conn: Connection) -> Share:
        """This process's part of the lanes, among those who work now."""
        now = self._own.now(conn)
        names = sorted(row.name for row in conn.execute(_OTHERS) if not runs_out(row, now))
        if self._own.name not in names:
            return EVERYTHING
        return Share(names.index(self._own.name), len(names))

    def elsewhere(self) -> bool:
        """Whether this process would have to stand by."""
        return self._careful.elsewhere()

    def calm(self) -> None:
        """What the fallen may have left in hand is done: the others go on."""
        if self._alone:
            self._careful.release()
            self._alone = False

    def release(self, *, clean: bool = True) -> None:
        if self._alone:
            self._careful.release(clean=clean)
            self._alone = False
        if clean:
            self._leave()
        else:
            self._own.release(clean=False)

    def _take_care(self) -> bool | None:
        if self._careful.acquire() is None:
            self._leave()
            return None
        self._alone = True
        with self.database.write() as conn:
            for name in self._gone(conn):
                conn.execute(delete(leases).where(leases.c.name == name))
        return False

    def _fallen(self) -> bool:
        """Whether somebody ended uncleanly, the careful one included."""
        with self.database.read() as conn:
            row = conn.execute(select(leases).where(leases.c.name == CAREFUL)).one_or_none()
            left = row is not None and not row.clean and runs_out(row, self._own.now(conn))
            return left or bool(self._gone(conn))

    def _gone(self, conn: Connection) -> list[str]:
        now = self._own.now(conn)
        return [
            row.name
            for row in conn.execute(_OTHERS)
            if row.name != self._own.name and runs_out(row, now)
        ]

    def _leave(self) -> None:
        with self.database.write() as conn:
            conn.execute(delete(leases).where(leases.c.name == self._own.name))
