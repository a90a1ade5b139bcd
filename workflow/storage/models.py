"""The tables. Instants (`*_at`) are integers, microseconds since 1970-01-01T00:00:00Z; days are `YYYY-MM-DD` in the office's zone."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()
Instant = BigInteger
Serial = BigInteger().with_variant(Integer, "sqlite")




complaints = Table(
    "complaints",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("profile", Text, nullable=False),
    Column("profile_version", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("project_no", Text, nullable=False),
    Column("service_number", Text, nullable=False),
    Column("handled_by", Text),
    Column("area", Text),
    Column("unit", Text),
    Column("round", Integer, nullable=False),
    Column("claimer", Text),
    Column("ticket", Text),
    Column("collected_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("ended_at", Instant),
    Column("fold", Text, nullable=False),
    UniqueConstraint("source", "project_no", "service_number"),
    Index(
        "complaints_open",
        "state",
        "due_at",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_with_rowid=False,
)
"""One row a complaint: its fold, and the columns that queues are read by."""

events = Table(
    "events",
    METADATA,
    Column("lane", Integer, primary_key=True),
    Column("pos", BigInteger, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text),
    Column("cause", Text),
    Column("data", Text, nullable=False),
    Column("limits", Text),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("subject", "version"),
    sqlite_with_rowid=False,
)
"""The log, append-only. The event's id is `subject-version`; `hash` continues the lane's keyed chain."""

lanes = Table(
    "lanes",
    METADATA,
    Column("lane", Integer, primary_key=True),
    Column("pos", BigInteger, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)
"""Each lane's head: last position, time and chain hash, sealed with the key so that a cut tail shows."""

progress = Table(
    "progress",
    METADATA,
    Column("consumer", Text, primary_key=True),
    Column("lane", Integer, primary_key=True),
    Column("pos", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How far each consumer has come in each lane; committed with its effects."""

parked = Table(
    "parked",
    METADATA,
    Column("consumer", Text, primary_key=True),
    Column("lane", Integer, primary_key=True),
    Column("pos", BigInteger, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("tries", Integer, nullable=False),
    Column("parked_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("note", Text),
    Index("parked_subject", "consumer", "subject", "status"),
    sqlite_with_rowid=False,
)
"""Only what went wrong: parked (failed), held (behind a parked one), overtaken, replayed, discarded; and `trying` while counted."""

commands = Table(
    "commands",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
"""A person's command key and what it recorded: a repeat gets the first answer."""

deadlines = Table(
    "deadlines",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("limit_name", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("warn_at", Instant),
    Column("red_at", Instant),
    Column("next_at", Instant),
    Column("next_step", Text),
    Index("deadlines_next", "next_at", sqlite_where=text("next_at IS NOT NULL")),
    sqlite_with_rowid=False,
)
"""Armed timers, one a limit: what fires next (yellow, missed, red, lapse) and when; the truth behind the ticker."""

outbox = Table(
    "outbox",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("event_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("event_id", "channel", "recipient"),
)
"""Messages to be sent, with the event's id as idempotency key; a person can read them."""

ratings = Table(
    "ratings",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("project_no", Text, primary_key=True),
    Column("service_number", Text, primary_key=True),
    Column("assess_number", Text, primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("level", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("unit", Text),
    Column("day", Text, nullable=False),
    Column("assessed_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("item", Text),
    Column("window", Text),
    Column("digest", Text, nullable=False),
    Index("ratings_day", "day", "unit"),
    Index("ratings_batch", "batch"),
    Index(
        "ratings_unmatched",
        "source",
        "project_no",
        "service_number",
        sqlite_where=text("unit IS NULL"),
        postgresql_where=text("unit IS NULL"),
    ),
    sqlite_with_rowid=False,
)
"""Every rating as it was sent, never altered; `unit` is filled from the service record where the rating named none."""

services = Table(
    "services",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("project_no", Text, primary_key=True),
    Column("service_number", Text, primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("item", Text),
    Column("window", Text),
    Column("day", Text, nullable=False),
    Column("served_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("digest", Text, nullable=False),
    Index("services_day", "day", "unit"),
    Index("services_batch", "batch"),
    sqlite_with_rowid=False,
)
"""Service records (办件): they count A."""

tallies = Table(
    "tallies",
    METADATA,
    Column("day", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("services", Integer, nullable=False),
    Column("ratings", Integer, nullable=False),
    Column("onsite", Integer, nullable=False),
    Column("bad", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""A by day of service; M, P, D by day of assessment; each recounted from services and ratings by `check`."""

conflicts = Table(
    "conflicts",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("project_no", Text, nullable=False),
    Column("service_number", Text, nullable=False),
    Column("assess_number", Text, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("digest", Text, nullable=False),
    UniqueConstraint("kind", "source", "project_no", "service_number", "assess_number", "digest"),
)
"""Another content under a key that exists: kept beside the first (its content sealed in the vault), overwriting nothing."""

refused = Table(
    "refused",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("row", Integer, nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
)
"""Rows refused, with field and reason; values masked."""

imports = Table(
    "imports",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("rows_done", BigInteger, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("conflicts", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("complaints", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
)
"""An import's receipt, committed with each batch: where to go on after a kill. The id is the file's digest and source."""

vault = Table(
    "vault",
    METADATA,
    Column("owner", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Personal data and free text, AES-256-GCM; erasing a person is deleting rows here."""

raters = Table(
    "raters",
    METADATA,
    Column("day", Text, primary_key=True),
    Column("phone", BigInteger, primary_key=True),
    Column("ratings", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How many ratings a keyed phone hash gave on a day: evidence of 批量评价."""

contacts = Table(
    "contacts",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("phone", BigInteger),
    Column("last4", BigInteger),
    Column("item", Text),
    Column("window", Text),
    Column("day", Text, nullable=False),
    Index("contacts_phone", "phone"),
    Index("contacts_last4", "last4"),
    sqlite_with_rowid=False,
)
"""Keyed hashes of a complaint's phone, for matching and for search by the last four digits."""

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
    Column("duty", Text, nullable=False),
    Index("staff_phone", "phone"),
)
"""Contact persons and staff, by keyed phone hash: evidence of 自我评价."""

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
    Column("unit", Text, nullable=False),
    Column("real_name", Boolean, nullable=False),
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
    sqlite_with_rowid=False,
)
"""One row a work order (an order a round): due times, when it was met, and what the citizen said."""

sequences = Table(
    "sequences",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Gapless counters: complaint numbers by year, batches."""

leases = Table(
    "leases",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("clean", Boolean, nullable=False),
)
"""Who runs the runner or the clock; `clean` is false while somebody does, so that a kill is seen by the next one."""

views = Table(
    "views",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)
"""Who looked at which complaint."""
