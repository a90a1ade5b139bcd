"""规则: the policies, each with the calendar as revised to date; what `advance` asks for due
times.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection, text

from schemas import CalendarRevised, PolicyTakenIntoForce, ReviewCollected
from schemas.envelope import Fact
from workflow.calendar import Calendar
from workflow.clock import instant
from workflow.complaint import Complaint, Open
from workflow.policy import Policies, Policy, Stamp, extended, stamp

CALENDAR_SUBJECT = "calendar/china"


class BoundRules:
    """One pinned policy with its calendar of today: stamps limits. Instants in microseconds UTC."""

    def __init__(self, policy: Policy, calendar: Calendar) -> None:
        self.policy, self.calendar = policy, calendar
        self._stamped = lru_cache(4096)(self._stamp)

    def stamp(
        self, limit: str, at: int, complex_case: bool, pauses: Sequence[Sequence[int]] = ()
    ) -> Open | None:
        """A batch's events have one time, so most questions are asked again."""
        return self._stamped(limit, at, complex_case, tuple((a, b) for a, b in pauses if a < b))

    def _stamp(
        self, limit: str, at: int, complex_case: bool, pauses: tuple[tuple[int, int], ...]
    ) -> Open | None:
        found = stamp(
            self.policy,
            self.calendar,
            limit,
            instant(at),
            complex_case=complex_case,
            pauses=tuple((instant(a), instant(b)) for a, b in pauses),
        )
        return None if found is None else _opened(found, at)

    def extended(self, opened: Open, days: int) -> Open:
        found = extended(self.policy, self.calendar, opened.original_due_at, days)
        return _opened(found, opened.opened_at)._replace(original_due_at=opened.original_due_at)


def _opened(found: Stamp, at: int) -> Open:
    return Open(
        found.due_at,
        found.warn_at,
        found.red_at,
        found.due_at,
        0,
        at,
        found.provisional,
        found.calendar,
    )


@dataclass(frozen=True, slots=True)
class Learned:
    """What the office has decided so far, never altered: who learns more, puts another in its
    place, so that a calendar kept here is always that of these revisions.
    """

    revisions: tuple[CalendarRevised, ...] = ()
    in_force: tuple[PolicyTakenIntoForce, ...] = ()
    bound: dict[tuple[str, str], BoundRules] = field(default_factory=dict)

    def and_(self, subject: str, version: int, data: str) -> Learned:
        """This and one decision more, if it is the next of its subject; else just this."""
        if subject != CALENDAR_SUBJECT:
            if version != len(self.in_force) + 1:
                return self
            decided = PolicyTakenIntoForce.model_validate_json(data)
            return replace(self, in_force=(*self.in_force, decided))
        if version != len(self.revisions) + 1:
            return self
        return self.revised_by(CalendarRevised.model_validate_json(data))

    def revised_by(self, notice: CalendarRevised) -> Learned:
        return Learned((*self.revisions, notice), self.in_force)


class Rulebook:
    """All policies, the profile new complaints are given, and the revisions of the calendar so
    far. Any number of threads may ask it, and teach it.
    """

    def __init__(self, policies: Policies, profile: str) -> None:
        self.policies, self.profile = policies, profile
        policies.versions(profile)
        self._learned, self._learning = Learned(), threading.Lock()

    def refresh(self, conn: Connection) -> None:
        """Takes in calendar revisions and policy decisions recorded since, by whatever process."""
        known = {
            "calendar": CALENDAR_SUBJECT,
            "revisions": self.revisions,
            "policy": f"policy/{self.profile}",
            "decisions": len(self._learned.in_force),
        }
        if rows := conn.execute(_RECORDED_SINCE, known).all():
            with self._learning:  # another thread may have read the same
                learned = self._learned
                for subject, version, data in rows:
                    learned = learned.and_(subject, version, data)
                self._learned = learned

    @property
    def revisions(self) -> int:
        """How many revisions of the calendar are known here."""
        return len(self._learned.revisions)

    def rules_for(self, complaint: Complaint | None, fact: Fact) -> BoundRules:
        """The rules a complaint is held to: pinned at collection for its life."""
        if complaint is None:
            return self.bound(getattr(fact, "profile", ""), getattr(fact, "profile_version", ""))
        return self.of(complaint)

    def of(self, pinned: Complaint | ReviewCollected) -> BoundRules:
        """Those a complaint is held to. Raises InvalidInput where its version is not known here."""
        return self.bound(pinned.profile, pinned.profile_version)

    def bound(self, profile: str, version: str) -> BoundRules:
        """A profile's version with the calendar as revised. Raises InvalidInput for an unknown
        one.
        """
        learned = self._learned
        found = learned.bound.get((profile, version))
        if found is None:
            policy = self.policies.get(profile, version)
            found = BoundRules(policy, _revised(policy.calendar, learned.revisions))
            learned.bound[profile, version] = found
        return found

    def in_force(self, at: int) -> Policy:
        """The profile's version for a complaint collected at this instant (microseconds UTC)."""
        decided = [f for f in self._learned.in_force if f.effective_at <= at]
        if decided:
            return self.policies.get(self.profile, decided[-1].version)
        newest = self.policies.versions(self.profile)[-1]
        day: date = instant(at).astimezone(newest.zone).date()
        first = self.policies.versions(self.profile)[0]
        return self.policies.at(self.profile, max(day, first.effective_from))

    def calendar_at(self, at: int) -> Calendar:
        """The calendar of the version in force at this instant (microseconds UTC), as revised."""
        policy = self.in_force(at)
        return self.bound(policy.name, policy.version).calendar

    def supposing(self, notice: CalendarRevised) -> Rulebook:
        """The same rules as if this notice had been recorded too; these stay as they are."""
        other = Rulebook(self.policies, self.profile)
        other._learned = self._learned.revised_by(notice)
        return other

    def revised(self, calendar: Calendar) -> Calendar:
        """The calendar with every revision recorded so far, if it follows the state's notices."""
        return _revised(calendar, self._learned.revisions)

    def replaced_by(self, notice: CalendarRevised) -> list[CalendarRevised]:
        """Those that count today and would not, were this notice recorded."""
        revisions = self._learned.revisions
        before, after = counting(revisions), counting((*revisions, notice))
        told = zip(revisions, before, after, strict=False)
        return [one for one, counted, counts in told if counted and not counts]


def _revised(calendar: Calendar, revisions: Sequence[CalendarRevised]) -> Calendar:
    if calendar.official is None:
        return calendar
    for revision, counts in zip(revisions, counting(revisions), strict=True):
        # One that is replaced leaves its mark in the calendar's name all the same: no two
        # states of the calendar are called alike.
        rows = _rows(revision) if counts else {}
        published = revision.published_year if counts else None
        calendar = calendar.revised(rows, revision.version, revision.notice, published)
    return calendar


def counting(revisions: Sequence[CalendarRevised]) -> list[bool]:
    """Of each revision, in their order, whether it still counts: a later one that replaces its
    year's puts it out of force, whole. One that is no year's notice always counts.
    """
    replaced: set[int] = set()
    found: list[bool] = []
    for one in reversed(revisions):
        found.append(one.published_year is None or one.published_year not in replaced)
        replaced |= set() if one.replaces is None else {one.replaces}
    return found[::-1]


def _rows(revision: CalendarRevised) -> dict[date, bool]:
    rows = {date.fromisoformat(day): True for day in revision.working}
    return rows | {date.fromisoformat(day): False for day in revision.off}


_RECORDED_SINCE = text(
    """
    SELECT subject, version, data FROM events
      WHERE subject = :calendar AND version > :revisions
    UNION ALL
    SELECT subject, version, data FROM events
      WHERE subject = :policy AND version > :decisions
    ORDER BY version
    """
)
