"""演示：the desk's time: it stands where it was left, and goes on only as it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

from sqlalchemy import update

from console.demo.clock import working_day_after
from console.wiring import STANDING_CLOCK, stood_at
from workflow.calendar import Calendar
from workflow.clock import HOUR
from workflow.errors import InvalidInput
from workflow.storage.database import Database
from workflow.storage.models import sequences

_ROW = sequences.c.name == STANDING_CLOCK


class StandingClock:
    """Microseconds UTC; kept in the desk's database, so that it is the same after a restart."""

    def __init__(self) -> None:
        self._now, self._lock = 0, Lock()

    def stand(self, database: Database) -> None:
        """Where it was left. Raises InvalidInput for a database that is no demo's desk."""
        self.database = database
        stood = stood_at(database)
        if stood is None:
            raise InvalidInput("data", "", "这里没有演示的办公桌；先运行 bihuan demo")
        self._now = stood

    def __call__(self) -> int:
        return self._now

    def an_hour(self) -> int:
        """On by an hour of anybody's clock; answers the new time."""
        return self._to(self._now + HOUR)

    def a_working_day(self, calendar: Calendar) -> Iterator[int]:
        """On to the same time of the next working day, or to its close, hour by hour: what falls
        due in between takes effect at its own hour.
        """
        day = working_day_after(calendar, self._now, 1)
        midnight = calendar.whole_day(calendar.local_date(self._now))[0][0]
        same = calendar.whole_day(day)[0][0] + (self._now - midnight)
        end = min(same, calendar.spans(day)[-1][1])
        while self._now < end:
            yield self._to(min(self._now + HOUR, end))

    def _to(self, at: int) -> int:
        with self._lock:
            self._now = max(self._now, at)
            with self.database.write() as conn:
                conn.execute(update(sequences).where(_ROW).values(value=self._now))
            return self._now
