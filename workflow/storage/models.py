"""The tables, all of them. Days are `YYYY-MM-DD` in the office's zone."""

from workflow.storage.tables import METADATA
from workflow.storage.tables_accounts import (
    accounts,
    sessions,
    setup_links,
    sign_ins,
    tokens,
)
from workflow.storage.tables_collection import (
    conflicts,
    contacts,
    imports,
    messages,
    raters,
    ratings,
    refused,
    services,
    tallies,
)
from workflow.storage.tables_desk import attachments, drafts
from workflow.storage.tables_log import (
    commands,
    complaints,
    deadlines,
    events,
    lanes,
    leases,
    outbox,
    parked,
    progress,
    sequences,
)
from workflow.storage.tables_office import (
    complaint_facts,
    order_facts,
    staff,
    units,
    vault,
    views,
)

__all__ = [
    "METADATA",
    "accounts",
    "attachments",
    "commands",
    "complaint_facts",
    "complaints",
    "conflicts",
    "contacts",
    "deadlines",
    "drafts",
    "events",
    "imports",
    "lanes",
    "leases",
    "messages",
    "order_facts",
    "outbox",
    "parked",
    "progress",
    "raters",
    "ratings",
    "refused",
    "sequences",
    "services",
    "sessions",
    "setup_links",
    "sign_ins",
    "staff",
    "tallies",
    "tokens",
    "units",
    "vault",
    "views",
]
