"""督办与裁决: the supervisor's and the reviewer's steps, in the words of their buttons; each goes
through the door of whoever asks, as on the complaint's own page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Act:
    """One step: its button, what is said once it is done, and whether the button warns."""

    event: str
    label: str
    done: str
    grave: bool = False


_ACTS = (
    Act("SupervisionOrdered", "督办", "已督办"),
    Act("Reminded", "催办", "已催办"),
    Act("ComplaintReleased", "换人办理", "已释放，别人可以认领"),
    Act("DepartmentAssigned", "派单、改派", "已派单"),
    Act("ExtensionGranted", "同意延期", "已同意延期"),
    Act("ExtensionRefused", "不同意延期", "未同意延期"),
    Act("ReturnAccepted", "同意退回", "已同意退回"),
    Act("ReturnRefused", "不同意退回", "未同意退回"),
    Act("MaliceUpheld", "恶意成立", "恶意成立，已结案", True),
    Act("MaliceRejected", "恶意不成立", "恶意不成立，继续核实"),
    Act("AppealUpheld", "申诉成立", "申诉成立，已结案", True),
    Act("AppealRejected", "申诉不成立", "申诉不成立，继续整改"),
    Act("RulingCalled", "提请终裁", "已提请终裁"),
    Act("RulingGiven", "终裁", "已终裁", True),
    Act("DismissalReversed", "撤销结案", "已撤销结案"),
)
ACTS: Mapping[str, Act] = {act.event: act for act in _ACTS}
