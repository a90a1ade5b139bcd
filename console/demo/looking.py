"""演示：a simulated person looks at a complaint through the console's timeline, on record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.entries import Timeline
from console.timeline import timeline
from schemas.envelope import Role
from workflow.recorded import Actor

if TYPE_CHECKING:
    from console.wiring import Office


@dataclass(frozen=True, slots=True)
class Sight:
    """What an operator reads off the page of a complaint."""

    timeline: Timeline

    def head(self, label: str) -> str:
        """The line of the page with this label; "" if there is none."""
        return dict(self.timeline.head).get(label, "")

    @property
    def can_be_called(self) -> bool:
        return self.head("实名") == "是，有电话"

    @property
    def named(self) -> bool:
        return self.head("实名").startswith("是")

    @property
    def reason_code(self) -> str:
        """The reason the citizen ticked, if one was."""
        return self.head("勾选原因")[:3]

    def happened(self, event: str) -> bool:
        return any(entry.type == event for entry in self.timeline.entries)

    def calls_since(self, event: str) -> int:
        """How many calls were made after the last step of this kind."""
        calls = 0
        for entry in self.timeline.entries:
            calls = 0 if entry.type == event else calls + (entry.type == "CallAttempted")
        return calls


def look(office: Office, subject: str, account: str, role: Role, unit: str | None = None) -> Sight:
    """The complaint as this person may see it. UnknownComplaint for another unit's."""
    return Sight(timeline(office, subject, Actor(account, role, unit)))
