"""Tables of the office: sealed personal data, units and staff, views, and the facts figures are
made of.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from workflow.storage.tables import METADATA, Instant, Serial

vault = Table(
    "vault",
    METADATA,
    Column("owner", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Personal data and free text, AES-256-GCM; erasing a person is deleting rows here."""

units = Table(
    "units",
    METADATA,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("aliases", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("annex_name", Text),
    Column("version", Text, nullable=False),
)
"""The list of units in force: area, tier (部门, 镇办, 村居), aliases, order."""

staff = Table(
    "staff",
    METADATA,
    Column("unit", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("phone", BigInteger),
    Index("staff_phone", "phone"),
)
"""Contact persons and staff, by keyed phone hash: evidence of 自我评价."""

views = Table(
    "views",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("unit", Text),
    Index("views_of", "subject", "id"),
    Index("views_by", "actor", "id"),
)
"""Who looked at which complaint."""

complaint_facts = Table(
    "complaint_facts",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("unit", Text),
    Column("area", Text),
    Column("day", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("real_name", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("verdict", Text),
    Column("ground", Text),
    Column("collected_at", Instant, nullable=False),
    Column("verify_due_at", Instant),
    Column("verified_at", Instant),
    Column("outcome", Text),
    Column("round", Integer, nullable=False),
    Column("first_level", Integer),
    Column("final_level", Integer),
    Column("ended_at", Instant),
    Column("min_calls", Integer, nullable=False),
    Column("call_spacing", BigInteger, nullable=False),
    Column("verified_before", Text),
    Index("complaint_facts_day", "day"),
    sqlite_with_rowid=False,
)
"""One facts row a complaint, rebuilt from the log by the metrics consumer."""

order_facts = Table(
    "order_facts",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("day", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("next_round", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("acknowledge_due_at", Instant),
    Column("acknowledged_at", Instant),
    Column("rectify_due_at", Instant),
    Column("original_due_at", Instant),
    Column("submitted_at", Instant),
    Column("accepted_at", Instant),
    Column("callback_due_at", Instant),
    Column("called_back_at", Instant),
    Column("calls", Integer, nullable=False),
    Column("last_call_at", Instant),
    Column("level", Integer),
    Column("answered_at", Instant),
    Column("withdrawn_at", Instant),
    Index("order_facts_day", "day"),
    Index("order_facts_unit", "unit", "day"),
    sqlite_with_rowid=False,
)
"""One row a work order (an order a round): due times, when it was met, and what the citizen
said.
"""
