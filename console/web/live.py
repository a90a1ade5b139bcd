"""实时: open pages hear that a complaint has changed, and fetch what they may see of it.

One thread a process looks at the log's heads; what is new goes to every open page whose viewer it
exists for. A page that falls behind is told to fetch everything anew: nothing is ever lost by it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic

from sqlalchemy import Connection, and_, or_, select
from starlette.concurrency import run_in_threadpool

from console.accounts import still_open
from console.scope import visible
from console.sight import concerns
from console.web.limiting import Streams
from console.wiring import Office
from schemas.envelope import Role
from workflow.errors import BihuanError
from workflow.ledger import Actor
from workflow.storage.database import Database
from workflow.storage.log import ends
from workflow.storage.models import complaints, events

LOGGER = logging.getLogger("bihuan.console")

POLL = 0.1
"""Seconds after which the heads are looked at again, for what other processes recorded."""

WAITING = 100
"""Changes kept for a page that does not take them; beyond these it is told `ALL`."""

ALL = "*"
AT_ONCE = 500

MOST_PAGES = 30
"""Pages that one session may have open at once."""

ASKED = 1.0
"""Seconds for which the sessions of open pages are taken as still there."""

QUIET = 15.0
"""The same while nothing changes."""

TIDIED = 300.0
"""Seconds between two times of tidying up."""


class Page:
    """One open stream: its viewer, the session it lives as long as, and what was not told yet."""

    def __init__(self, viewer: Actor, session: str | None, loop: asyncio.AbstractEventLoop) -> None:
        self.viewer, self.session, self.loop = viewer, session, loop
        self.changes: asyncio.Queue[str | None] = asyncio.Queue(WAITING)

    def tell(self, subjects: Iterable[str | None]) -> None:
        """Called in any thread. None ends the stream."""
        for subject in subjects:
            with suppress(RuntimeError):  # its loop has ended meanwhile
                self.loop.call_soon_threadsafe(self._put, subject)

    def _put(self, subject: str | None) -> None:
        if self.changes.full():
            while not self.changes.empty():
                self.changes.get_nowait()
            self.changes.put_nowait(ALL)
        self.changes.put_nowait(subject)

    async def changed(self, within: float) -> str | None:
        """The next complaint that changed, `ALL`, "" after this many seconds; None at the end."""
        try:
            return await asyncio.wait_for(self.changes.get(), within)
        except TimeoutError:
            return ""


class Hub:
    """A job: looks at the log and tells the open pages. `tidy`: called as it begins, and every few
    minutes.
    """

    def __init__(self, office: Office, tidy: Callable[[], None] = lambda: None) -> None:
        self.database, self._wall, self._tidy = office.database, office.wall, tidy
        self._asked = monotonic()
        self._pages: set[Page] = set()
        self.streams = Streams(MOST_PAGES)
        self._lock, self._woken, self._stopped = threading.Lock(), threading.Event(), False

    @contextmanager
    def open(self, viewer: Actor, session: str | None = None) -> Iterator[Page]:
        """With a `session` the stream ends when that does, or when it is another actor's."""
        page = Page(viewer, session, asyncio.get_running_loop())
        with self._lock:
            self._pages.add(page)
        try:
            yield page
        finally:
            with self._lock:
                self._pages.discard(page)

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopped = True
        self._woken.set()
        for page in self._open():
            page.tell([None])

    def run(self) -> None:
        heads: dict[int, int] | None = None
        tidied = -TIDIED
        while not self._stopped:
            try:
                if monotonic() - tidied >= TIDIED:
                    self._tidy()
                    tidied = monotonic()
                self._woken.wait(POLL)
                self._woken.clear()
                with suppress(BihuanError):  # away or busy: the next look tells
                    heads = self._look(heads)
            except Exception:
                LOGGER.exception("open pages were not told; the next look tells")
                self._woken.wait(POLL)

    def _open(self) -> list[Page]:
        with self._lock:
            return list(self._pages)

    def _look(self, before: dict[int, int] | None) -> dict[int, int]:
        with self.database.read() as conn:
            heads = ends(conn)
            moved = {lane: before[lane] for lane in heads if before and heads[lane] > before[lane]}
            pages = self._signed_in(conn, self._open(), QUIET if not moved else ASKED)
            if moved and pages:
                _tell(conn, moved, pages)
        return heads

    def _signed_in(self, conn: Connection, pages: list[Page], within: float) -> list[Page]:
        """Those whose session is still there, all of them asked for at once; what was asked within
        so many seconds is taken as it was.
        """
        if monotonic() - self._asked < within:
            return pages
        self._asked = monotonic()
        there = still_open(conn, {page.session for page in pages if page.session}, self._wall())
        ended = {p for p in pages if p.session and there.get(p.session) != p.viewer}
        for page in ended:
            page.tell([None])
        return [page for page in pages if page not in ended]


def _tell(conn: Connection, moved: Mapping[int, int], pages: Collection[Page]) -> None:
    """What is new in the lanes that have moved, to each viewer for whom it exists."""
    new = [and_(events.c.lane == lane, events.c.pos > pos) for lane, pos in moved.items()]
    query = select(events.c.subject, events.c.type, events.c.unit).where(or_(*new))
    rows = conn.execute(query.limit(AT_ONCE + 1)).all()
    for alike in _by_sight(pages):
        told = [ALL]
        if len(rows) <= AT_ONCE:
            viewer = alike[0].viewer
            seen = {r.subject for r in rows if concerns(viewer, r.type, r.unit)}
            exist = select(complaints.c.id).where(complaints.c.id.in_(seen))
            told = list(conn.execute(exist.where(visible(viewer))).scalars()) if seen else []
        for page in alike:
            page.tell(told)


def _by_sight(pages: Iterable[Page]) -> list[list[Page]]:
    """Pages whose viewers see the same: it is asked for once for all of them."""
    alike: dict[tuple[Role, str | None], list[Page]] = {}
    for page in pages:
        alike.setdefault((page.viewer.role, page.viewer.unit), []).append(page)
    return list(alike.values())


async def stream(
    hub: Hub,
    viewer: Actor,
    session: str,
    ping: float,
    shown: tuple[str, int] | None = None,
) -> AsyncIterator[str | None]:
    """The complaints that change, for this viewer, while his session lasts; "" every `ping` seconds
    in between. First the one that is `shown` as of this version, if it has changed since.
    """
    with hub.open(viewer, session) as page:
        if shown is not None and await run_in_threadpool(_missed, hub.database, viewer, *shown):
            yield shown[0]
        while (subject := await page.changed(ping)) is not None:
            yield subject


def _missed(database: Database, viewer: Actor, subject: str, version: int) -> bool:
    exists = select(complaints.c.id).where(complaints.c.id == subject, visible(viewer)).exists()
    query = select(events.c.type, events.c.unit).where(
        events.c.subject == subject, events.c.version > version, exists
    )
    with database.read() as conn:
        return any(concerns(viewer, row.type, row.unit) for row in conn.execute(query))
