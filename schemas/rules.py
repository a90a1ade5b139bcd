"""规则: what changes outside any complaint, each by a recorded event with a subject of its own."""

from typing import Literal, get_args

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


class PolicyProposed(Fact):
    """提请生效: somebody asks that a profile's version count from then on; another one decides."""

    type: Literal["PolicyProposed"] = "PolicyProposed"
    profile: Code
    version: Code
    effective_at: Micros


class PolicyRefused(Fact):
    """不同意生效: what was proposed is not taken into force."""

    type: Literal["PolicyRefused"] = "PolicyRefused"
    profile: Code
    version: Code
    reason: Digest


class PolicyTakenIntoForce(Fact):
    """规则生效: a profile's version counts for complaints collected from then on. `proposal`: the
    event by which another person asked for it.
    """

    type: Literal["PolicyTakenIntoForce"] = "PolicyTakenIntoForce"
    profile: Code
    version: Code
    effective_at: Micros
    proposal: str | None = None


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


OfficeFact = (
    CalendarRevised | PolicyProposed | PolicyRefused | PolicyTakenIntoForce | PersonalDataErased
)
OFFICE_EVENTS = get_args(OfficeFact)
"""What the office itself decides or does, beside any complaint."""
