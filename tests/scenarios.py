"""What children of the zygote do: runs that are killed, and processes beside one another."""

from __future__ import annotations

import importlib
import os
import signal
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import compiled
from city import CITIZEN, HANDLER, OPERATOR, City, rating, service
from consoles import NOBODYS, console_over
from endings import writes_down
from reactions import Counting, Killing, make_room
from sqlalchemy import func, select
from zygote import acknowledge

import console.web.app
import schemas as s
from console.gateway import ProgramGateway
from consumers import register
from producers.importing import import_file
from producers.sources import source
from schemas.envelope import Role
from workflow.bus import rebuild
from workflow.bus.embedded import EmbeddedBus
from workflow.errors import Away, Refused
from workflow.ledger import Actor
from workflow.outbox import Message, deliver
from workflow.storage.log import RECORDED
from workflow.storage.models import complaints, lanes, progress

WARM = (
    *("jobs", "producers.topic", "workflow.bus.topic"),
    *("console.processes", "console.web.app", "console.web.live", "console.web.serving"),
)


def warm() -> None:
    """Imports, statements and rules, once for all children."""
    compiled.share()
    for name in WARM:
        importlib.import_module(name)
    console_over(NOBODYS)
    console.web.app.create_app = console_over  # put together by now, in every child
    with tempfile.TemporaryDirectory() as folder:
        city = City(Path(folder))
        make_room(city.office.database)
        city.close()
        quarter(folder, f"{folder}/acks")


def _opened(folder: str) -> City:
    """A city whose clock goes on from where the log stands."""
    city = City(Path(folder))
    with city.office.database.read() as conn:
        last = conn.execute(select(func.max(lanes.c.recorded_at))).scalar() or 0
    city.clock.now = max(city.clock.now, last)
    return city


def drain_until_killed(folder: str, subject: str) -> None:
    """A runner whose process does not survive one subject's records."""
    city = _opened(folder)
    city.drain([Killing(subject), Counting()])


def hold_the_lease(folder: str, told: str) -> None:
    """Runs the office's consumers for ever; says so once it has done its first work."""
    city = _opened(folder)
    bus = EmbeddedBus(city.ledger, (Counting(),))
    threading.Thread(target=_tell, args=(city, told), daemon=True).start()
    bus.run()


def import_and_die(folder: str, path: str, batches: int) -> None:
    """Takes a file in, and does not survive so many of its batches."""
    city, done = _opened(folder), 0

    def on_batch(*_: object) -> None:
        nonlocal done
        done += 1
        if done == batches:
            os.kill(os.getpid(), signal.SIGKILL)

    import_file(city.ledger, city.office.desk(), Path(path), source("bihuan"), on_batch)


def _tell(city: City, told: str) -> None:
    while not _caught_up(city):
        time.sleep(0.01)
    acknowledge(told, pid=os.getpid())


def _caught_up(city: City) -> bool:
    with city.office.database.read() as conn:
        joined = conn.execute(select(func.count()).select_from(progress)).scalar_one()
        done = conn.execute(select(func.sum(progress.c.pos))).scalar()
        return joined > 0 and done == conn.execute(RECORDED).scalar()


class CommitHook:
    """Counts every commit of the process, and ends it at one of them."""

    def __init__(self, city: City, kill_at: int | None, after: bool) -> None:
        dialect = city.office.database.engine.dialect
        self.count, self._kill_at, self._after = 0, kill_at, after
        self._commit: Any = dialect.do_commit
        dialect.do_commit = self.commit  # type: ignore[method-assign]

    def commit(self, connection: Any) -> None:
        self.count += 1
        if self.count == self._kill_at and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        self._commit(connection)
        if self.count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def quarter(
    folder: str, acks: str, kill_at: int | None = None, after: bool = False, counted: str = ""
) -> None:
    """Two complaints round the loop, with repeats, a conflict and a later rating; every step may
    be asked for again, so that a run that was killed is simply run again.
    """
    city = _opened(folder)
    hook = CommitHook(city, kill_at, after)
    bus = EmbeddedBus(city.ledger, (*register(city.office), Counting()))

    writes_down(city, acks)
    sends = city.portal.sends

    def does(subject: str, kind: Any, by: Any = OPERATOR, /, **values: Any) -> None:
        city.step(subject, kind, by, key=f"{subject}/{kind.__name__}", **values)

    first = (service("A"), rating("A", 1), rating("B", 2), rating("C"))
    sends(*first)
    bus.drain()
    _first_round(does)
    bus.drain()
    sends(*first, rating("A", 1, assessNumber="2"), service("B"), service("C", winName="8号"))
    _second_round(does)
    bus.drain()
    does("CP21-0001", s.ComplaintReevaluated, CITIZEN, level=5, by="site")
    bus.drain()
    if counted:
        acknowledge(counted, commits=hook.count)
    city.close()


def insistent_quarter(folder: str, acks: str) -> None:
    """The same by people who try again when the server was away."""
    while True:
        with suppress(Away):
            return quarter(folder, acks)


def _first_round(does: Any) -> None:
    a, b = "CP21-0001", "CP21-0002"
    does(a, s.CallAttempted, outcome="answered", note="群众说窗口多要证明")
    does(a, s.ComplaintConfirmed, by="call", reason_code="115", case_class="clear")
    does(b, s.CallAttempted, outcome="answered")
    does(b, s.ComplaintDismissed, verdict="invalid", ground="misoperation", note="按错了")


def _second_round(does: Any) -> None:
    a = "CP21-0001"
    does(a, s.WorkOrderAcknowledged, HANDLER)
    told = {"facts": "多要了证明", "cause": "不熟悉", "measures": "已整改", "reply": "致歉"}
    does(a, s.RectificationSubmitted, HANDLER, kind="rectified", **told, signed_by="负责人")
    does(a, s.RectificationAccepted)


def import_rows(folder: str, acks: str, batches: int, size: int) -> None:
    """Sends batches of services and ratings, one in ten of them bad; says what became of each."""
    city = _opened(folder)
    for batch in range(batches):
        projects = [f"{batch:02d}-{n:02d}" for n in range(size)]
        rows = [service(p) for p in projects]
        rows += [rating(p, 1 if n % 10 == 0 else 5) for n, p in enumerate(projects)]
        for row, answer in zip(rows, city.portal.sends(*rows).rows, strict=True):
            acknowledge(acks, kind=type(row).__name__, project=row.projectNo, was=answer.outcome)
    city.close()


def drain_all(folder: str, stop: str) -> None:
    """Runs the office's consumers until told to stop."""
    city = _opened(folder)
    bus = EmbeddedBus(city.ledger, (*register(city.office), Counting()))
    worker = threading.Thread(target=bus.run)
    worker.start()
    while not Path(stop).exists():
        time.sleep(0.02)
    bus.stop()
    worker.join()
    city.close()


def answer_calls(folder: str, acks: str, wanted: int, name: str) -> None:
    """An operator who takes whatever is waiting, beside another one who does the same."""
    city = _opened(folder)
    actor = Actor(name, Role.OPERATOR)
    query = select(complaints.c.id).where(complaints.c.state == "VERIFYING")
    done = select(func.count()).select_from(complaints).where(complaints.c.state == "DISMISSED")
    while True:
        with city.office.database.read() as conn:
            waiting = list(conn.execute(query).scalars())
            if conn.execute(done).scalar_one() >= wanted:
                break
        for subject in waiting:
            try:
                if city.complaint(subject).claimer != name:  # before he was killed
                    city.step(subject, s.ComplaintClaimed, actor)
                city.hotline.dismisses(subject, by=actor)
            except Refused:
                acknowledge(acks, refused=subject)
            else:
                acknowledge(acks, dismissed=subject, by=name)
    city.close()


class DyingGateway(ProgramGateway):
    """Its process does not survive a message that was taken."""

    def send(self, message: Message) -> str:
        super().send(message)
        os.kill(os.getpid(), signal.SIGKILL)
        return ""


def send_until_killed(folder: str, program: str) -> None:
    """A sender that dies between the gateway's answer and its own receipt."""
    city = _opened(folder)
    deliver(city.ledger, {"message": DyingGateway(Path(program))})


def rebuild_until_killed(folder: str, batches: int) -> None:
    """Rebuilds the figures in small batches, and does not survive the last of these."""
    city = _opened(folder)
    rebuild.PAGE = 5
    told: list[int] = []

    def die(done: int, _total: int) -> None:
        told.append(done)
        if len(told) == batches:
            os.kill(os.getpid(), signal.SIGKILL)

    metrics = next(c for c in city.office.bus().consumers if c.name == "metrics")
    rebuild.rebuild(city.ledger, metrics, die)
