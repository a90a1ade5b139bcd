"""The database brought to this release's tables, and opened for the first time with its empty
lanes.
"""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from workflow.errors import Damaged
from workflow.storage import log
from workflow.storage.database import Database
from workflow.storage.vault import Keys

HEAD = "0003"
"""This release's migration."""


def prepare(database: Database, keys: Keys) -> None:
    """Migrates if needed. Raises Damaged for a database of a later release."""
    with database.read() as conn:
        version = _version(conn)
    if version == HEAD:
        return
    with database.write() as conn:
        if _version(conn) == HEAD:
            return
        _upgrade(conn)
        if version is None:
            log.open_lanes(conn, keys.chain)


def _version(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(conn: Connection) -> None:
    # Alembic takes a second to import; only a database that needs it pays.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(files("workflow.storage") / "migrations"))
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Damaged(f"数据库来自更新的版本，本程序打不开：{error}") from error
