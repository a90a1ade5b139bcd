"""督办与裁决: the supervisor's and the reviewer's steps: through which door each goes, and what its
form asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from console.accounts import Signed
from console.web import stepping
from console.web.site import Site
from producers import supervisors as doors
from workflow.errors import InvalidInput
from workflow.ledger import Recorded

GROUNDED = "invalid:"
"""Begins the value of a verdict that carries its ground: `invalid:misoperation`."""


@dataclass(frozen=True, slots=True)
class Act:
    """One step as a form: its words, its door, and the fields of the form the door is given."""

    event: str
    label: str
    done: str
    door: Callable[..., Recorded]
    fields: tuple[str, ...] = ()
    grave: bool = False


_ACTS = (
    Act("SupervisionOrdered", "督办", "已督办", doors.order_supervision, ("limit", "note")),
    Act("Reminded", "催办", "已催办", doors.remind, ("limit", "note")),
    Act("ComplaintReleased", "换人办理", "已释放，别人可以认领", doors.release, ("reason",)),
    Act("DepartmentAssigned", "派单、改派", "已派单", doors.assign, ("unit", "assisting")),
    Act("ExtensionGranted", "同意延期", "已同意延期", doors.grant_extension, ("working_days",)),
    Act("ExtensionRefused", "不同意延期", "未同意延期", doors.refuse_extension, ("reason",)),
    Act("ReturnAccepted", "同意退回", "已同意退回", doors.accept_return, ("unit", "note")),
    Act("ReturnRefused", "不同意退回", "未同意退回", doors.refuse_return, ("reason",)),
    Act("MaliceUpheld", "恶意成立", "恶意成立，已结案", doors.uphold_malice, ("reason",), True),
    Act("MaliceRejected", "恶意不成立", "恶意不成立，继续核实", doors.reject_malice, ("reason",)),
    Act(
        "AppealUpheld",
        "申诉成立",
        "申诉成立，已结案",
        doors.uphold_appeal,
        ("verdict", "reason"),
        True,
    ),
    Act("AppealRejected", "申诉不成立", "申诉不成立，继续整改", doors.reject_appeal, ("reason",)),
    Act("RulingCalled", "提请终裁", "已提请终裁", doors.call_ruling, ("note",)),
    Act(
        "RulingGiven",
        "终裁",
        "已终裁",
        doors.give_ruling,
        ("decision", "unit", "verdict", "reason"),
        True,
    ),
    Act("DismissalReversed", "撤销结案", "已撤销结案", doors.reverse_dismissal, ("reason",)),
)
ACTS: Mapping[str, Act] = {act.event: act for act in _ACTS}


def act(site: Site, viewer: Signed, form: FormData, event: str, subject: str) -> None:
    """Does what the form asks. Raises what the door raises."""
    wanted = ACTS[event]
    stepping.take(site, viewer, form, wanted.door, subject, **_values(form, wanted))


def _values(form: FormData, wanted: Act) -> dict[str, Any]:
    values: dict[str, Any] = {name: stepping.text(form, name) for name in wanted.fields}
    if "working_days" in values:
        values["working_days"] = stepping.whole(form, "working_days")
    if "assisting" in values:
        values["assisting"] = [str(unit) for unit in form.getlist("assisting") if unit]
    if "verdict" in values:
        values |= _verdict(values["verdict"])
    return values


def _verdict(given: str | None) -> dict[str, str | None]:
    """A verdict and its ground are chosen as one."""
    if given is not None and given.startswith(GROUNDED):
        return {"verdict": "invalid", "ground": given.removeprefix(GROUNDED)}
    if given == "invalid":
        raise InvalidInput("verdict", given, "无效须说明是误操作、重复还是不属受理范围")
    return {"verdict": given, "ground": None}
