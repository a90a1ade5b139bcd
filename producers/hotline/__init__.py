"""热线: the doors of the 12345 operators."""

from producers.hotline.callbacks import (
    fact_check,
    invite,
    reevaluate,
    report_objection,
    report_retaliation,
    send_invitation,
)
from producers.hotline.orders import (
    accept_feedback,
    accept_return,
    answer_clarification,
    assign,
    refuse_return,
    send_back,
)
from producers.hotline.verifying import (
    allege_malice,
    call,
    claim,
    confirm,
    dismiss,
    link_ticket,
    reject_malice,
    release,
    request_contact,
    reveal_contact,
    uphold_malice,
)

__all__ = [
    "accept_feedback",
    "accept_return",
    "allege_malice",
    "answer_clarification",
    "assign",
    "call",
    "claim",
    "confirm",
    "dismiss",
    "fact_check",
    "invite",
    "link_ticket",
    "reevaluate",
    "refuse_return",
    "reject_malice",
    "release",
    "report_objection",
    "report_retaliation",
    "request_contact",
    "reveal_contact",
    "send_back",
    "send_invitation",
    "uphold_malice",
]
