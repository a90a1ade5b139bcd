"""归集: the topic's messages read; many of them in a second process, while others are stored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from producers.apart import Beside
from producers.message import Reading, read_all
from workflow.bus.broker import Message
from workflow.errors import Transient
from workflow.intake import Desk

LOGGER = logging.getLogger("bihuan.collect")

MANY = 500
"""Messages of a poll from which a second process pays: there is a backlog."""


class ReadingAhead:
    """Reads one poll's messages, begun before they are wanted. `desk` is asked anew for each: the
    list of units may have been replaced.
    """

    def __init__(self, desk: Callable[[], Desk]) -> None:
        self._desk = desk
        self._with: Desk | None = None
        self._beside: Beside[Sequence[Message], list[Reading]] | None = None
        self._begun: Sequence[Message] = ()

    def begin(self, messages: Sequence[Message]) -> None:
        """These will be wanted next; whatever hinders it is seen to then. What was begun before is
        wanted no more.
        """
        if self._begun:
            self.close()
        if len(messages) < MANY:
            return
        try:
            self._second_process().give(messages)
            self._begun = messages
        except Exception as hindered:
            LOGGER.warning("no second process reads: %s", type(hindered).__name__)
            self.close()

    def read(self, messages: Sequence[Message]) -> list[Reading]:
        """These very ones if they were begun; else they are read here."""
        readings = self._taken() if self._begun is messages else None
        desk = self._desk()
        if readings is None or not self._still(desk):
            return read_all(messages, desk)
        return readings

    def _taken(self) -> list[Reading] | None:
        """None if the second process died, perhaps of one of them."""
        self._begun = ()
        try:
            return None if self._beside is None else self._beside.take()
        except Transient:
            LOGGER.warning("the second process died; its messages are read here")
            self.close()
            return None

    def _still(self, desk: Desk) -> bool:
        """Whether the second process reads by the same list and the same zone."""
        mine = self._with
        return mine is not None and mine.units is desk.units and mine.zone == desk.zone

    def _second_process(self) -> Beside[Sequence[Message], list[Reading]]:
        desk = self._desk()
        if not self._still(desk):
            self.close()
        if self._beside is None:
            self._with, self._beside = desk, Beside(read_all, desk)
        return self._beside

    def close(self) -> None:
        """Ends the second process; what was begun is read here when it is wanted."""
        beside, self._beside, self._begun = self._beside, None, ()
        if beside is not None:
            beside.close()
