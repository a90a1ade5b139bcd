"""The database brought to this release's tables, and opened for the first time with its empty
lanes.
"""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, inspect, text

from workflow.errors import Damaged, InvalidInput, WrongKey
from workflow.storage import log
from workflow.storage.database import Database
from workflow.storage.vault import Keys

_MIGRATIONS = files("workflow.storage") / "migrations"

HEAD = max(one.name[:4] for one in (_MIGRATIONS / "versions").iterdir() if one.name[:4].isdigit())
"""This release's last migration."""


def is_new(database: Database) -> bool:
    """Whether nobody has prepared it yet."""
    with database.read() as conn:
        return _version(conn) is None


def prepare(database: Database, keys: Keys) -> None:
    """Migrates if needed; of several processes that start at once, one does, and the others wait
    for it, however long it takes.

    Raises Damaged for a database of a later release or of another program, WrongKey for a key
    that is not this database's; then nothing was changed.
    """
    with database.read() as conn:
        version = _version(conn)
        if version is None and inspect(conn).get_table_names():
            raise Damaged(f"{database.place} 是别的程序的数据库")
        if version is not None:
            _check_key(conn, keys)
    if version == HEAD:
        return
    import_module("alembic.command")  # before the transaction: a server ends those that idle
    with database.write() as conn:
        database.alone(conn, patient=True)
        if _version(conn) == HEAD:
            _check_key(conn, keys)
            return
        new = _version(conn) is None
        upgrade(conn)
        if new:
            log.open_lanes(conn, keys.chain)


def _check_key(conn: Connection, keys: Keys) -> None:
    """One good seal shows the key; a bad one beside it is damage, for the auditor to find."""
    heads = conn.execute(text("SELECT lane, pos, hash, seal FROM lanes")).all()
    if heads and not any(_sealed(keys.chain, *head) for head in heads):
        raise WrongKey


def _sealed(key: bytes, lane: int, pos: int, head: bytes, seal: bytes) -> bool:
    try:
        return log.seal(key, lane, pos, head) == seal
    except TypeError:  # rubbish in the row
        return False


def _version(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(conn: Connection) -> None:
    """Brings the tables to this release in the open transaction, which then may take as long as it
    takes; a new database's lanes are not yet opened. Raises InvalidInput for a server's database
    that cannot hold every character.
    """
    if conn.dialect.name == "postgresql":
        encoding = conn.execute(text("SHOW server_encoding")).scalar()
        if encoding != "UTF8":
            raise InvalidInput("BIHUAN_DATABASE", encoding, "数据库的编码须是 UTF8，请另建一个")
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            conn.execute(text(f"SET LOCAL {limit} = 0"))  # a great table's index takes its time
        awaited: Any = conn.connection.dbapi_connection
        awaited.within = None  # until it is given back
    # Alembic takes a second to import; only a database that needs it pays.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Damaged("数据库来自更新的版本，本程序打不开，也没有改动它；请升级本程序") from error
