"""Tables of who may sign in: accounts, set-up links, sessions, tokens of systems, and what became
of each attempt. Secrets are kept as digests alone.
"""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from workflow.storage.tables import METADATA, Instant, Serial

accounts = Table(
    "accounts",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("unit", Text),
    Column("password", Text),
    Column("must_change", Boolean, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("disabled_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("oidc_subject", Text, unique=True),
    sqlite_with_rowid=False,
)
"""One row a person: `roles` separated by blanks, `password` an argon2 hash, or none before it is
set, `failed` the failures in a row.
"""

setup_links = Table(
    "setup_links",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("setup_links_account", "account"),
    sqlite_with_rowid=False,
)
"""Links by which a person sets a password, once; of an account the last one made counts alone."""

sessions = Table(
    "sessions",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("sessions_account", "account"),
    Index("sessions_expires", "expires_at"),
    sqlite_with_rowid=False,
)
"""Who is signed in, in which role; `seen_at` is not written more than once a minute."""

tokens = Table(
    "tokens",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("unit", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("used_at", Instant),
    sqlite_with_rowid=False,
)
"""Other systems' ways in: `scopes` separated by blanks; `used_at` written once a minute at most."""

sign_ins = Table(
    "sign_ins",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("account", Text),
    Column("outcome", Text, nullable=False),
    Column("by", Text),
    Column("address", Text),
    Column("at", Instant, nullable=False),
    Index("sign_ins_account", "account", "id"),
)
"""What became of each attempt to sign in, and what was done to accounts and tokens, and by whom.
`account` is none where nobody has the one that was typed: it may have been a password.
"""
