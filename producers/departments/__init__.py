"""部门: the doors of the units: handlers of work orders, and data clerks; never who rated."""

from producers.departments.clerks import Wanted, contacts_wanted, supply_contact
from producers.departments.handlers import (
    acknowledge,
    appeal,
    ask_clarification,
    assist,
    request_extension,
    return_order,
    submit,
)
from producers.departments.papers import attach, detach, save_draft

__all__ = [
    "Wanted",
    "acknowledge",
    "appeal",
    "ask_clarification",
    "assist",
    "attach",
    "contacts_wanted",
    "detach",
    "request_extension",
    "return_order",
    "save_draft",
    "submit",
    "supply_contact",
]
