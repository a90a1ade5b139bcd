"""监督: the doors of supervisors and reviewers."""

from producers.supervisors.deciding import (
    accept_return,
    grant_extension,
    refuse_extension,
    refuse_return,
    reject_appeal,
    reject_malice,
    uphold_appeal,
    uphold_malice,
)
from producers.supervisors.policies import (
    Proposal,
    propose_policy,
    proposed,
    refuse_policy,
    take_policy_into_force,
)
from producers.supervisors.pressing import (
    assign,
    call_ruling,
    give_ruling,
    order_supervision,
    release,
    remind,
    reveal_contact,
    reverse_dismissal,
)
from producers.supervisors.rules import revise_calendar
from producers.supervisors.urging import urge, urged_on

__all__ = [
    "Proposal",
    "accept_return",
    "assign",
    "call_ruling",
    "give_ruling",
    "grant_extension",
    "order_supervision",
    "propose_policy",
    "proposed",
    "refuse_extension",
    "refuse_policy",
    "refuse_return",
    "reject_appeal",
    "reject_malice",
    "release",
    "remind",
    "reveal_contact",
    "reverse_dismissal",
    "revise_calendar",
    "take_policy_into_force",
    "uphold_appeal",
    "uphold_malice",
    "urge",
    "urged_on",
]
