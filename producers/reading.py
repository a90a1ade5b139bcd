"""归集: the topic's messages read; many of them in a second process, while others are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from producers.apart import Beside
from producers.message import Reading, read_all
from workflow.bus.broker import Message
from workflow.errors import Transient
from workflow.intake import Desk

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
        except Transient:
            self.close()

    def read(self, messages: Sequence[Message]) -> list[Reading]:
        """These very ones if they were begun; else they are read here."""
        if self._beside is not None and self._begun is messages:
            self._begun = ()
            try:
                return self._beside.take()
            except Transient:  # it died, perhaps of one of them
                self.close()
        return read_all(messages, self._desk())

    def _second_process(self) -> Beside[Sequence[Message], list[Reading]]:
        desk = self._desk()
        if self._with is None or self._with.units is not desk.units:
            self.close()
        if self._beside is None:
            self._with, self._beside = desk, Beside(read_all, desk)
        return self._beside

    def close(self) -> None:
        """Ends the second process; what was begun is read here when it is wanted."""
        beside, self._beside, self._begun = self._beside, None, ()
        if beside is not None:
            beside.close()
