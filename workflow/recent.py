"""What this process committed lately, kept at hand; nothing is lost with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from workflow.complaint import Complaint
from workflow.record import Record

MOST = 8192
"""Complaints, and records, kept at most."""


class Recent:
    """Folds by complaint, each told by its version; records by their place in the log, which
    never change.
    """

    def __init__(self) -> None:
        self._complaints: dict[str, Complaint] = {}
        self._records: dict[tuple[int, int], Record] = {}

    def complaint(self, subject: str, version: int) -> Complaint | None:
        """The complaint's fold, if the one at hand has this version."""
        known = self._complaints.get(subject)
        return known if known is not None and known.version == version else None

    def record(self, lane: int, pos: int) -> Record | None:
        return self._records.get((lane, pos))

    def keep_complaints(self, committed: Mapping[str, Complaint]) -> None:
        if len(self._complaints) > MOST:
            self._complaints.clear()
        self._complaints.update(committed)

    def keep_records(self, committed: Iterable[Record]) -> None:
        """The oldest go first: consumers read in the order of the log."""
        for record in committed:
            self._records[record.lane, record.pos] = record
        for place in list(islice(self._records, max(0, len(self._records) - MOST))):
            self._records.pop(place, None)  # another thread may have been faster
