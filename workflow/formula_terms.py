"""指标: what formulas speak about: rates and how they print, counts, complaints, orders; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

__all__ = ["NOTHING", "Cohort", "ComplaintFact", "Counts", "OrderFact", "Rate"]

NOTHING = "–"
"""What a rate with a zero denominator prints."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A numerator over a denominator; both are always published with the percentage."""

    numerator: int
    denominator: int

    def percent(self, places: int = 0) -> str:
        """Half-up to `places`, or to as many more as show that it is not quite 100 % (or 0 %)."""
        if not self.denominator:
            return NOTHING
        while True:
            shown = self._rounded(places)
            if not self._hides(shown, 100, self.denominator) and not self._hides(shown, 0, 0):
                return f"{shown}%"
            places += 1

    def whole(self) -> str:
        """As Annex 3 prints it: half-up, 0 where the denominator is 0; never a false 100."""
        if not self.denominator:
            return "0"
        shown = self._rounded(0)
        hides = self._hides(shown, 100, self.denominator)
        return self.percent().removesuffix("%") if hides else str(shown)

    def _rounded(self, places: int) -> Decimal:
        exact = Decimal(self.numerator) * 100 / Decimal(self.denominator)
        return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)

    def _hides(self, shown: Decimal, percent: int, numerator: int) -> bool:
        return shown == percent and self.numerator != numerator

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


@dataclass(frozen=True, slots=True)
class Counts:
    """What ratings and services count to: A by day of service, M, P and D by day of assessment."""

    services: int = 0
    ratings: int = 0
    onsite: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True)
class ComplaintFact:
    """One complaint as the figures see it; instants in microseconds UTC, `day` the office's.

    `real_name`: somebody can be called, a real-name rating with a phone. `verify_due_at` is None
    while no verification is due (paused, or no longer needed before it was due). `verified_before`
    are earlier verifications, of dismissals that were taken back: due and done, each as above.
    """

    subject: str
    unit: str | None
    day: str
    real_name: bool
    state: str
    verdict: str | None
    ground: str | None
    verify_due_at: int | None
    verified_at: int | None
    outcome: str | None
    first_level: int | None
    final_level: int | None
    verified_before: tuple[tuple[int, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class OrderFact:
    """One work order, an order a round; `withdrawn_at` is from when it no longer counts, `level`
    what the citizen said to it.

    An accepted return withdraws an order from its dispatch on, a re-dispatch from that moment on:
    what had fallen due before it stays in the figures.
    """

    subject: str
    number: int
    round: int
    unit: str
    real_name: bool
    assigned_at: int
    acknowledge_due_at: int | None
    acknowledged_at: int | None
    rectify_due_at: int | None
    original_due_at: int | None
    submitted_at: int | None
    accepted_at: int | None
    callback_due_at: int | None
    called_back_at: int | None
    withdrawn_at: int | None
    level: int | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """A period's ratings, seen as of an instant: their counts, complaints, and those' orders."""

    counts: Counts
    complaints: tuple[ComplaintFact, ...]
    orders: tuple[OrderFact, ...]
    as_of: int

    def judged(self, verdict: str) -> tuple[ComplaintFact, ...]:
        """Complaints whose verdict is this one now; T is those judged `valid`."""
        return tuple(c for c in self.complaints if c.verdict == verdict)

    def parted(self, by: Callable[[ComplaintFact], str]) -> dict[str, Cohort]:
        """Its complaints by what `by` says of each, in their order, with their orders, and counts
        of nothing.
        """
        of = {c.subject: by(c) for c in self.complaints}
        complaints: dict[str, list[ComplaintFact]] = {}
        orders: dict[str, list[OrderFact]] = {}
        for c in self.complaints:
            complaints.setdefault(of[c.subject], []).append(c)
        for o in self.orders:
            if o.subject in of:
                orders.setdefault(of[o.subject], []).append(o)
        return {
            name: Cohort(Counts(), tuple(mine), tuple(orders.get(name, ())), self.as_of)
            for name, mine in complaints.items()
        }
