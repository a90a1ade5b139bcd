"""规则: what changes outside any complaint, each by a recorded event with a subject of its own."""

from typing import Literal

from schemas.envelope import Code, Digest, Fact, Micros


class CalendarRevised(Fact):
    """日历修订: single dates declared working or off, with the notice that says so; it may take
    the place of whatever was recorded before as the notice of a year.
    """

    type: Literal["CalendarRevised"] = "CalendarRevised"
    calendar: Code
    version: Code
    notice: str
    working: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    published_year: int | None = None
    replaces: int | None = None


class PolicyTakenIntoForce(Fact):
    """规则生效: a profile's version counts for complaints collected from then on."""

    type: Literal["PolicyTakenIntoForce"] = "PolicyTakenIntoForce"
    profile: Code
    version: Code
    effective_at: Micros


class PersonalDataErased(Fact):
    """删除个人信息: rows of the vault are gone, because their time was over or a person asked for
    it; what they held was never in the log.
    """

    type: Literal["PersonalDataErased"] = "PersonalDataErased"
    ground: Literal["retention", "request"]
    complaints: int = 0
    ratings: int = 0
    rows: int
    reason: Digest | None = None
