"""差评件: what a step's form offers to choose from: by the complaint's own rules; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from console import wording
from schemas.codes import BAD_LEVELS, REASONS, SCALES, CallOutcome, Reason
from workflow.complaint import Complaint
from workflow.limits import LIMITS
from workflow.rulebook import BoundRules
from workflow.unit_list import Unit, UnitList

CHANNELS = {"call": "刚在电话里邀请了", "message": "发短信", "link": "发链接"}


@dataclass(frozen=True, slots=True)
class Choices:
    """For one complaint, by the rules it is held to; `sends`: whether messages have a gateway;
    `handler`: the unit that gave the service, where it is known.
    """

    c: Complaint
    rules: BoundRules
    list: UnitList
    sends: bool
    handler: str | None

    @property
    def reasons(self) -> Mapping[int, tuple[Reason, ...]]:
        """The reasons that may be confirmed, by level."""
        known = [reason for reason in REASONS.values() if not reason.retired]
        return {
            level: tuple(reason for reason in known if reason.level == level)
            for level in sorted(BAD_LEVELS)
        }

    @property
    def outcomes(self) -> tuple[tuple[str, str], ...]:
        """What may come of a call."""
        return tuple((outcome.value, outcome.label) for outcome in CallOutcome)

    @property
    def channels(self) -> tuple[tuple[str, str], ...]:
        """How the profile invites."""
        allowed = self.rules.policy.reevaluation_channels
        return tuple((name, label) for name, label in CHANNELS.items() if name in allowed)

    @property
    def levels(self) -> Mapping[int, str]:
        """The profile's scale, best first."""
        return SCALES[self.rules.policy.scale]

    @property
    def units(self) -> tuple[Unit, ...]:
        return self.list.units

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """What may be typed for each unit, with what it is: its name, or its code where others
        share the name.
        """
        known = Counter(unit.name for unit in self.units)
        return tuple(
            (u.name, u.area) if known[u.name] == 1 else (u.code, f"{u.name}（{u.area}）")
            for u in self.units
        )

    @property
    def assigned(self) -> str:
        """The unit that stands in the form of an order that nobody has had yet."""
        mine = self.c.unit is None and not self.c.returns and self.handler in self.list.by_code
        return self.handler or "" if mine else ""

    @property
    def limits(self) -> tuple[tuple[str, str], ...]:
        """The limits that somebody can be pressed about."""
        return tuple(
            (row.name, row.label) for row in LIMITS if row.name in self.c.limits and not row.window
        )

    @property
    def objection(self) -> str:
        """How long the citizen may object after the end."""
        rule = self.rules.policy.limit_for("objection_window")
        return rule.limit.chinese if rule else ""


def rule_words(rule: str) -> str:
    """Why a unit gets the order."""
    known = wording.VALUES["rule"].get(rule)
    return str(known) if known else f"派单规则 {rule}" if rule else ""
