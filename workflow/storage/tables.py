"""What all tables share. Instants (`*_at`) are integers, microseconds since
1970-01-01T00:00:00Z.
"""

from sqlalchemy import BigInteger, Integer, MetaData

METADATA = MetaData()
Instant = BigInteger
Serial = BigInteger().with_variant(Integer, "sqlite")
