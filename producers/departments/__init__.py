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

__all__ = [
    "Wanted",
    "acknowledge",
    "appeal",
    "ask_clarification",
    "assist",
    "contacts_wanted",
    "request_extension",
    "return_order",
    "submit",
    "supply_contact",
]
