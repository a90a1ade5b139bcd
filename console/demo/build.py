"""演示：the quarter and the living desk built in a folder of their own, wiped at every run."""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import insert

from console.demo.clock import DemoClock
from console.demo.feed import Delivery, Reader, Script, feeding
from console.demo.generator import FIRST, Quarter
from console.demo.living_desk import FIRST as DESK_FIRST
from console.demo.living_desk import living_desk
from console.demo.people import STAFF
from console.demo.rows import moment
from console.demo.scenes import Scene, refusing
from console.reports.footing import SYNTHETIC_MARK
from console.wiring import STANDING_CLOCK, Office, office
from workflow.answers import Answers
from workflow.bus.embedded import EmbeddedBus
from workflow.clock import micros
from workflow.errors import InvalidInput
from workflow.staff import Person, seed_staff
from workflow.storage.models import sequences
from workflow.storage.sqlite import unwritable
from workflow.unit_list import UnitList

MARKER = ".bihuan-demo"
DESK = "desk"
QUARTER_ENDS = date(2021, 10, 15)
"""By then every complaint of the quarter has come to its end."""

DESK_AT = (date(2021, 10, 22), 9 * 3600)
_NOTE = "这个文件夹由 bihuan demo 建立，每次运行都会清空重建。\n"


@dataclass(frozen=True, slots=True)
class Taken:
    """What the intake has answered so far, up to a day; `seconds` of wall time since the start."""

    day: date
    services: int = 0
    ratings: int = 0
    repeats: int = 0
    conflicts: int = 0
    refused: int = 0
    complaints: int = 0
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        return self.services + self.ratings

    def plus(self, delivery: Delivery, answers: Answers, seconds: float) -> Taken:
        """With one more delivery."""
        rating = {row.number for row in delivery.rows if row.rating}
        fresh = [a.number for a in answers.rows if a.outcome == "accepted"]
        ratings = sum(number in rating for number in fresh)
        return Taken(
            delivery.date,
            self.services + len(fresh) - ratings,
            self.ratings + ratings,
            self.repeats + answers.count("repeat"),
            self.conflicts + answers.count("conflict"),
            self.refused + answers.count("refused"),
            self.complaints + answers.complaints,
            seconds,
        )


@dataclass(frozen=True, slots=True)
class Built:
    """A scene stands; how long it took, of that the intake, and the process's most memory."""

    name: str
    seconds: float
    intake_seconds: float
    megabytes: int


Watch = Callable[[Taken | Built], None]


def wipe(folder: Path) -> None:
    """An empty demo folder, marked as one. InvalidInput if it holds anything but a demo, Unwritable
    where nothing can be written.
    """
    try:
        _wipe(folder)
    except OSError as error:
        raise unwritable(folder, error) from error


def _wipe(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InvalidInput("data", str(folder), "不是文件夹")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        reason = f"这个文件夹不是演示建立的（没有 {MARKER}），不清空；请换一个"
        raise InvalidInput("data", str(folder), reason)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(_NOTE, encoding="utf-8")
    for child in folder.iterdir():
        if child.name != MARKER:
            shutil.rmtree(child) if child.is_dir() else child.unlink()


@contextmanager
def synthetic_office(folder: Path, clock: DemoClock) -> Iterator[Office]:
    """A new office whose data are marked synthetic wherever they are shown."""
    with office(folder, clock) as opened:
        with opened.database.write() as conn:
            conn.execute(insert(sequences).values(name=SYNTHETIC_MARK, value=1))
            seed_staff(conn, opened.vault, _staff(opened.units))
        yield opened


def _staff(units: UnitList) -> Iterator[Person]:
    for clerk in STAFF:
        unit = units.resolve(clerk.unit, clerk.area)
        if unit is not None:
            yield Person(unit.code, clerk.account, clerk.phone)


def build_quarter(folder: Path, seed: int, watch: Watch, one_in: int = 1) -> None:
    """May to September 2021 through the real intake and the real doors; tells of each day."""
    started, intake = time.monotonic(), 0.0
    quarter, clock = Quarter(seed, one_in), DemoClock(moment(FIRST, 0))
    taken = Taken(FIRST)

    def told(delivery: Delivery, answers: Answers) -> None:
        nonlocal taken
        if delivery.date != taken.day:
            watch(taken)
        taken = taken.plus(delivery, answers, time.monotonic() - started)

    with synthetic_office(folder, clock) as opened:
        scene = Scene(opened, clock, quarter.fates, told)
        units, policy = opened.units, opened.rulebook.in_force(clock())
        script = Script(seed, one_in, units, policy.zone, opened.keys.match)
        with feeding(script) as deliveries:
            for delivery in deliveries:
                scene.take(delivery)
        intake = time.monotonic() - started
        watch(replace(taken, seconds=intake))
        scene.until(micros(moment(QUARTER_ENDS, 0)))
        scene.catch_up()
    watch(Built("quarter", time.monotonic() - started, intake, _megabytes()))


def build_desk(folder: Path, seed: int, watch: Watch) -> None:
    """Two weeks of October, left as they stand on Friday 2021-10-22 at 09:00."""
    started = time.monotonic()
    days, fates = living_desk(seed)
    clock = DemoClock(moment(DESK_FIRST, 0))
    with synthetic_office(folder, clock) as opened:
        bus = EmbeddedBus(opened.ledger, refusing(opened, fates))
        scene, reader = Scene(opened, clock, fates, bus=bus), Reader(opened.desk())
        for day in days:
            for delivery in reader.deliveries(day):
                scene.take(delivery)
        scene.until(micros(moment(*DESK_AT)))
        scene.catch_up()
        with opened.database.write() as conn:
            conn.execute(insert(sequences).values(name=STANDING_CLOCK, value=clock()))
    watch(Built("desk", time.monotonic() - started, 0.0, _megabytes()))


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
