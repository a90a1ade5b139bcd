"""Tables of the engine: complaints, the log, progress and what went wrong."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from workflow.storage.tables import METADATA, Instant, Serial, only

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
    Column("assisting", Text),
    Column("next_call_at", Instant),
    Column("marks", Text, nullable=False, server_default=""),
    UniqueConstraint("source", "project_no", "service_number"),
    Index(
        "complaints_open",
        "state",
        "due_at",
        "id",
        "next_call_at",
        "marks",
        "claimer",
        "unit",
        "handled_by",
        "ended_at",
        **only("ended_at IS NULL"),
    ),
    Index(
        "complaints_due",
        "due_at",
        "id",
        **only("ended_at IS NULL"),
    ),
    Index(
        "complaints_ended",
        "ended_at",
        **only("ended_at IS NOT NULL"),
    ),
    Index(
        "complaints_called",
        "next_call_at",
        **only("next_call_at IS NOT NULL"),
    ),
    Index("complaints_of_unit", "unit", "ended_at"),
    Index("complaints_collected", "collected_at", "id"),
    Index(
        "complaints_ticket",
        "ticket",
        **only("ticket IS NOT NULL"),
    ),
    Index(
        "complaints_assisted",
        "assisting",
        **only("assisting IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
"""One row a complaint: its fold, and the columns that queues are read by. `assisting` is
",A,B,"; `marks` are words with a space before and after each: see `workflow.storage.rows`. The
index of the open ones holds whatever counters ask for: counting reads no row.
"""

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
    Index(
        "events_revealed",
        "recorded_at",
        "actor",
        "subject",
        **only("type = 'ContactRevealed'"),
    ),
    Index("events_retaliation", "recorded_at", **only("type = 'RetaliationReported'")),
    sqlite_with_rowid=False,
)
"""The log, append-only. The event's id is `subject-version`; `hash` continues the lane's keyed
chain.
"""

lanes = Table(
    "lanes",
    METADATA,
    Column("lane", Integer, primary_key=True),
    Column("pos", BigInteger, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)
"""Each lane's head: last position, time and chain hash, sealed with the key so that a cut tail
shows.
"""

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
"""Only what went wrong: parked (failed), held (behind a parked one), overtaken, replayed,
discarded; and `trying` while counted.
"""

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
"""Armed timers, one a limit: what fires next (yellow, missed, red, lapse) and when; the truth
behind the ticker.
"""

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
    Column("receipt", Text),
    UniqueConstraint("event_id", "channel", "recipient"),
    Index("outbox_to", "recipient", "id"),
    Index(
        "outbox_waiting",
        "id",
        **only("status = 'waiting'"),
    ),
    Index(
        "outbox_failed",
        "id",
        **only("status = 'failed'"),
    ),
)
"""Messages to be sent, with the event's id as idempotency key; a person can read them. `receipt`:
what the gateway answered, or why a message was not sent.
"""

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
"""Who runs the runner or the clock; `clean` is false while somebody does, so that a kill is seen
by the next one.
"""
