"""差评件: which door a page's step goes through, and what the door is told of the form.

A form's fields are called as the door's own parameters; what a field means is the parameter's type.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from console.accounts import Signed
from console.scope import complaint_for
from console.web.site import Site
from console.web.stepping import moment, take, text, whole
from producers import hotline, supervisors
from schemas.envelope import Role
from workflow.door import DOORS
from workflow.errors import NotPermitted

PARTIES = tuple(party.__name__.split(".")[1] for party in (hotline, supervisors))
OURS = ("ledger", "subject", "account", "role")
"""What the page gives a door by itself."""


_BETWEEN = re.compile(r"\s*[、，,;；\n]\s*")


def through(site: Site, viewer: Signed, form: FormData, event: str, number: str) -> None:
    """Takes the step as the form says it, through the door of whoever asks. Raises what the door
    raises.
    """
    door = door_of(event, viewer.role)
    with site.office.database.read() as conn:
        complaint = complaint_for(conn, viewer.actor, number)
    rules = site.office.rulebook.of(complaint)
    take(site, viewer, form, door, complaint.id, **values_of(door, form, rules.policy.zone))


def door_of(event: str, role: Role) -> Callable[..., Any]:
    """The door where this role takes this step. Raises NotPermitted."""
    for party in PARTIES:
        for door, kind, roles in DOORS[party]:
            if kind.__name__ == event and role in roles:
                return door
    raise NotPermitted("您现在的身份不能办这一步")


def values_of(door: Callable[..., Any], form: FormData, zone: ZoneInfo) -> dict[str, Any]:
    """What the form says for each of the door's own parameters; what was left empty and may be is
    not said at all. Raises InvalidInput.
    """
    hints = get_type_hints(door)
    values: dict[str, Any] = {}
    for name, parameter in inspect.signature(door).parameters.items():
        if name in OURS or parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        value = _value(form, name, str(hints[name]), zone)
        if value not in (None, []) or parameter.default is inspect.Parameter.empty:
            values[name] = value
    return values | _judged(values.get("verdict"))


def _judged(verdict: str | None) -> dict[str, str]:
    """Verdict and ground are chosen as one: `invalid:misoperation`."""
    said, _, ground = (verdict or "").partition(":")
    return {"verdict": said, "ground": ground} if ground else {}


def _value(form: FormData, name: str, hint: str, zone: ZoneInfo) -> Any:
    if "datetime" in hint:
        return moment(form, name, zone)
    if "bool" in hint:
        said = text(form, name)
        return None if said is None else said == "1"
    if "int" in hint:
        return whole(form, name)
    if "Sequence" in hint:
        typed = "、".join(one.strip() for one in form.getlist(name) if isinstance(one, str))
        return [one for one in _BETWEEN.split(typed) if one]
    return text(form, name)
