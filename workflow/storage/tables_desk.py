"""Tables of the units' desk: what is not yet submitted, and files that go with it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from workflow.storage.tables import METADATA, Instant

drafts = Table(
    "drafts",
    METADATA,
    Column("order_no", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("drafts_subject", "subject"),
    sqlite_with_rowid=False,
)
"""What somebody has typed of a feedback and not submitted, sealed like every free text."""

attachments = Table(
    "attachments",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("order_no", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("uploaded_at", Instant, nullable=False),
    Column("version", Integer),
    Column("name", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("attachments_subject", "subject"),
)
"""Files of feedbacks under random ids; name and content sealed. `version`: the event that first
took the file along; none yet: only its unit sees it.
"""
