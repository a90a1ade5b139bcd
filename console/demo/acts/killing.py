"""第五幕：kill -9 in mid-batch, and on: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection as Database
from sqlalchemy import func, select

from console.demo.build import synthetic_office
from console.demo.clock import DemoClock
from console.demo.feed import SOURCE, Delivery, Reader
from console.demo.living_desk import FIRST, living_desk
from console.demo.rows import moment
from console.demo.stage import Stage
from console.wiring import office
from workflow import audit
from workflow.answers import Answers
from workflow.collection import Receipt, collect_ready
from workflow.storage.models import complaints, ratings, services

if TYPE_CHECKING:
    from console.wiring import Office

_KILLED_IN: Final = 13
"""The delivery in whose transaction the process is killed."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What stands in the database."""

    rows: int
    complaints: int


def kill_and_go_on(stage: Stage, seed: int) -> None:
    """A real process, a real SIGKILL; its acknowledgements are compared with the database."""
    stage.say(
        "被杀掉也不丢、不重。另开一个进程归集，在一批的事务中间把它 kill -9，再接着来：",
        style="bold",
        lead="3 ",
    )
    with TemporaryDirectory(prefix="bihuan-") as folder:
        data = Path(folder)
        acks = data / "acknowledged"
        ended = killed(data, acks, seed)
        acknowledged = sum(map(int, acks.read_text().split()))
        clock = DemoClock(moment(FIRST, 0))
        with office(data, clock) as opened:
            before = _survey(opened)
            stage.say(
                f"已答复并落盘 {acknowledged:,} 行，第 {_KILLED_IN} 批正在事务中 → kill -9",
                lead="  ",
            )
            stage.proof(
                f"库里 {before.rows:,} 行：答复过的一行不少，没答复的一行不多",
                ended == -signal.SIGKILL and before.rows == acknowledged,
            )
            stage.pause(1.0)
            _go_on(stage, opened, clock, seed, before)
    stage.pause(1.2)


def _go_on(stage: Stage, opened: Office, clock: DemoClock, seed: int, before: Survey) -> None:
    """The sender, who cannot know what arrived, sends everything again."""
    repeats, sent = 0, set()
    reader = Reader(opened.desk())
    for delivery in _deliveries(reader, seed):
        clock.move(delivery.at)
        answers = _collect(opened, delivery)
        repeats += answers.count("repeat")
        sent |= {row.key for row in delivery.rows}
    opened.drain()
    after, bad = _survey(opened), len(living_desk(seed).fates)
    stage.say(
        f"从头再送一遍：重复 {repeats:,} 行，新收 {after.rows - before.rows:,} 行，"
        f"共 {after.rows:,} 行",
        lead="  ",
    )
    with opened.database.read() as conn:
        findings = audit.check(conn, opened.keys)
    stage.proof(
        f"应有 {len(sent):,} 行、{bad} 件差评，库里正是这些；bihuan check 核对无误",
        (after.rows, after.complaints, findings) == (len(sent), bad, []),
    )


def killed(data: Path, acks: Path, seed: int) -> int | None:
    """A process that collects, until it is killed in the middle of a batch; its exit code."""
    clock = DemoClock(moment(FIRST, 0))
    with synthetic_office(data, clock):
        pass
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_collect_until_killed, args=(sending, data, acks, seed))
    child.start()
    sending.close()
    receiving.recv()
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    ended = child.exitcode
    receiving.close()
    child.close()
    return ended


def _collect_until_killed(sending: Connection, data: Path, acks: Path, seed: int) -> None:
    """Acknowledges each batch after its commit: a line in a file, on disk before going on."""

    def in_the_middle(_conn: Database, _answers: Answers) -> None:
        sending.send("rows written, nothing committed")
        time.sleep(60)

    clock = DemoClock(moment(FIRST, 0))
    with office(data, clock) as opened, acks.open("a", encoding="ascii") as file:
        for number, delivery in enumerate(_deliveries(Reader(opened.desk()), seed), 1):
            clock.move(delivery.at)
            also = in_the_middle if number == _KILLED_IN else None
            answers = _collect(opened, delivery, also)
            file.write(f"{answers.count('accepted')}\n")
            file.flush()
            os.fsync(file.fileno())


def _deliveries(reader: Reader, seed: int) -> Iterator[Delivery]:
    for day in living_desk(seed).days:
        yield from reader.deliveries(day)


def _collect(opened: Office, delivery: Delivery, also: Receipt | None = None) -> Answers:
    return collect_ready(
        opened.ledger, opened.desk(), SOURCE, delivery.rows, delivery.refused, also=also
    )


def _survey(opened: Office) -> Survey:
    with opened.database.read() as conn:
        counts = [
            conn.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (ratings, services, complaints)
        ]
    return Survey(counts[0] + counts[1], counts[2])
