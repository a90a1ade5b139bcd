"""归集: tables of what was taken in, row by row and counted."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from workflow.storage.tables import METADATA, Instant, Serial, only

ratings = Table(
    "ratings",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("project_no", Text, primary_key=True),
    Column("service_number", Text, primary_key=True),
    Column("assess_number", Text, primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("matched", BigInteger),
    Column("level", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("unit", Text),
    Column("day", Text, nullable=False),
    Column("assessed_at", Instant, nullable=False),
    Column("item", Text),
    Column("window", Text),
    Column("private", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Index("ratings_day", "day", "unit"),
    Index(
        "ratings_unmatched",
        "source",
        "project_no",
        "service_number",
        **only("unit IS NULL"),
    ),
    sqlite_with_rowid=False,
    postgresql_partition_by="HASH (project_no)",
)
"""Every rating as it was sent, never altered. Where the rating named no unit, `unit` is that of its
service record, and `matched` the batch in which the two met.
"""

services = Table(
    "services",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("project_no", Text, primary_key=True),
    Column("service_number", Text, primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("unit", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("served_at", Instant, nullable=False),
    Column("item", Text),
    Column("window", Text),
    Column("kind", Text),
    Column("promised", Integer),
    Column("promised_in", Text),
    Column("accepted_at", Instant),
    Column("done_at", Instant),
    Column("digest", Text, nullable=False),
    Index("services_day", "day", "unit"),
    sqlite_with_rowid=False,
)
"""Service records (办件): they count A. `kind` to `done_at` as far as they were sent; `promised` is
a number of `promised_in`.
"""

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
"""A by day of service; M, P, D by day of assessment; each recounted from services and ratings by
`check`.
"""

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
    Index("conflicts_received", "received_at"),
)
"""Another content under a key that exists: kept beside the first (its content sealed in the
vault), overwriting nothing.
"""

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
    Column("import_id", Text),
    Index("refused_import", "import_id", "row"),
    Index("refused_received", "received_at"),
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
"""An import's receipt, committed with each batch: where to go on after a kill. The id is
source and file's digest, for a run after a finished one with its number.
"""

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

messages = Table(
    "messages",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("parked_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("note", Text),
    Column("sealed", LargeBinary),
    UniqueConstraint("topic", "partition", "position", "digest"),
    Index("messages_parked", "parked_at"),
)
"""Messages of a topic that could not be taken in: parked, replayed, discarded; and `trying` while
counted. Key, value and headers lie sealed, until the row is settled or its time is over.
"""

receipts = Table(
    "receipts",
    METADATA,
    Column("sender", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("answer", Text),
    Column("received_at", Instant, nullable=False),
    Index("receipts_received", "received_at"),
)
"""What a system was answered to a delivery, by its own key: written with the last of its rows.
`fingerprint`: a keyed digest of what it sent.
"""
