"""规则: the calendar and the policies change by recorded events, with subjects of their own."""

from typing import Literal

from schemas.envelope import Code, Fact, Micros


class CalendarRevised(Fact):
    """日历修订: single dates declared working or off, with the notice that says so."""

    type: Literal["CalendarRevised"] = "CalendarRevised"
    calendar: Code
    version: Code
    notice: str
    working: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    published_year: int | None = None


class PolicyTakenIntoForce(Fact):
    """规则生效: a profile's version counts for complaints collected from then on."""

    type: Literal["PolicyTakenIntoForce"] = "PolicyTakenIntoForce"
    profile: Code
    version: Code
    effective_at: Micros
