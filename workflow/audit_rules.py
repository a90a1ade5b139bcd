"""核对: what of each profile's version the auditor's recounts depend on."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from workflow.clock import instant
from workflow.policy import Policies


class Pinned(NamedTuple):
    """The part of a profile's version that a complaint's events do not state themselves; the
    spacing of calls in microseconds.
    """

    zone: ZoneInfo
    min_calls: int
    call_spacing: int
    verify_first: bool
    max_returns: int

    def day_of(self, at: int) -> str:
        """The office's date of an instant (microseconds UTC)."""
        return instant(at).astimezone(self.zone).date().isoformat()


Rules = dict[tuple[str, str], Pinned]
"""By the profile's name and version."""


def pinned_rules() -> Rules:
    """Of every profile the package ships."""
    return {
        (policy.name, policy.version): Pinned(
            policy.zone,
            policy.min_calls,
            int(policy.call_spacing.total_seconds() * 1_000_000),
            policy.verify_first,
            policy.max_returns,
        )
        for policy in Policies.load()
    }
