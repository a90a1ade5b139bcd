"""The complaint's row: a complete fold of its events; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from schemas.envelope import Fact, Role


class Open(NamedTuple):
    """An open limit or window: instants in microseconds UTC; `generation` rises whenever it is
    opened or moved.
    """

    due_at: int
    warn_at: int | None
    red_at: int | None
    original_due_at: int
    generation: int
    opened_at: int
    provisional: bool
    calendar: str


class Event(NamedTuple):
    """A fact about to be recorded, or replayed: who says so, in which role, when it occurred
    (microseconds UTC). `type` is the name of the fact's class.
    """

    type: str
    fact: Fact
    actor: str
    role: Role
    at: int
    unit: str | None = None
    cause: str | None = None


@dataclass
class Complaint:
    """The state of one complaint; treated as a value: `advance` works on a copy.

    `class_late`: the order had missed its time before anybody found whether the case is complex.
    `paused`: limits that do not run now, each since when; `pauses`: the pauses that are over of
    limits as they were last opened; microseconds UTC.
    """

    id: str
    state: str = ""
    version: int = 0
    touched: int = 0
    profile: str = ""
    profile_version: str = ""
    source: str = ""
    project_no: str = ""
    service_number: str = ""
    level: int = 0
    real_name: bool = False
    has_phone: bool = False
    handled_by: str | None = None
    area: str | None = None
    collected_at: int = 0
    ended_at: int | None = None
    ticket: str | None = None
    misoperation: str | None = None
    duplicate_of: str | None = None
    claimer: str | None = None
    verifier: str | None = None
    barred: str | None = None
    alleger: str | None = None
    contact_requested: bool = False
    contact_sought: bool = False
    calls: int = 0
    last_call_at: int | None = None
    next_call_at: int | None = None
    answered: bool = False
    wrong_number: bool = False
    verdict: str | None = None
    ground: str | None = None
    reason_code: str | None = None
    case_class: str | None = None
    class_late: bool = False
    show_service_number: bool = False
    contact_by_unit: bool = False
    named_unit: str | None = None
    named_assisting: list[str] = field(default_factory=list)
    unit: str | None = None
    assisting: list[str] = field(default_factory=list)
    orders: int = 0
    round: int = 1
    returns: int = 0
    returns_used_up: bool = False
    acknowledged: bool = False
    extensions: int = 0
    extension_days: int = 0
    extension_asked: int = 0
    appealed: bool = False
    question_open: bool = False
    sent_back: int = 0
    invited: bool = False
    supervised: int = 0
    outcome: str | None = None
    final_level: int | None = None
    objected: bool = False
    retaliation: bool = False
    missed: list[str] = field(default_factory=list)
    limits: dict[str, Open] = field(default_factory=dict)
    met_rectify: Open | None = None
    paused: dict[str, int] = field(default_factory=dict)
    pauses: dict[str, list[list[int]]] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        """Somebody can be called: a real-name rating with a phone."""
        return self.real_name and self.has_phone

    def complex_in(self, limit: str) -> bool:
        """Whether this limit has the time of complex cases."""
        return self.case_class == "complex" and not (limit == "rectify" and self.class_late)

    @property
    def order(self) -> str | None:
        """The number of the work order sent last: GD21-0125-2 is the second one of CP21-0125."""
        return order_number(self.id, self.orders) if self.orders else None

    @property
    def next_order(self) -> str:
        """The number the complaint's next work order gets."""
        return order_number(self.id, self.orders + 1)

    @classmethod
    def of(cls, said: dict[str, Any]) -> Complaint:
        """A complaint of which this much is said; the rest is as in an empty one."""
        new = cls.__new__(cls)
        new.__dict__.update(said)
        return new

    def copy(self) -> Complaint:
        return self.of(self.__dict__)


_EMPTY: dict[str, Any] = Complaint(id="").__dict__
for _name, _value in _EMPTY.items():
    setattr(Complaint, _name, _value)  # what an instance does not hold; values, never changed


def dump(complaint: Complaint) -> str:
    """The row's fold as JSON text: what differs from an empty complaint."""
    held = complaint.__dict__.items()
    return to_json({name: value for name, value in held if value != _EMPTY[name]}).decode()


def load(text: str | bytes) -> Complaint:
    """The complaint from its row's JSON text."""
    said: dict[str, Any] = from_json(text)
    if "limits" in said:
        said["limits"] = {name: Open(*value) for name, value in said["limits"].items()}
    if "met_rectify" in said:
        said["met_rectify"] = Open(*said["met_rectify"])
    return Complaint.of(said)


def order_number(subject: str, number: int) -> str:
    """What the complaint's so-manieth work order is called."""
    return f"GD{subject.removeprefix('CP')}-{number}"
