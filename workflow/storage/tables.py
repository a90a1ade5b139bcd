"""What all tables share. Instants (`*_at`) are integers, microseconds since
1970-01-01T00:00:00Z.
"""

from typing import Any

from sqlalchemy import BigInteger, Integer, MetaData, text

METADATA = MetaData()
Instant = BigInteger
Serial = BigInteger().with_variant(Integer, "sqlite")


def only(condition: str) -> dict[str, Any]:
    """What makes an index one of these rows alone."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
