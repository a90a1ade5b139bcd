"""The roles on a server that docs/operations.md makes, under names of this process's own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from workflow.settings import ADDRESS

DOCS = Path(__file__).parents[1] / "docs" / "operations.md"
BLOCKS = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
APP, CITIZEN = "bihuan_app", "bihuan_citizen"


@contextmanager
def made(folder: Path) -> Iterator[Mapping[str, str]]:
    """All of them, in the database that this folder names: each one's address, until the end."""
    owner = make_url((folder / ADDRESS).read_text())
    names = {role: f"{role}_{os.getpid()}" for role in (APP, CITIZEN)}
    said = "".join(BLOCKS)
    for role, name in names.items():
        said = said.replace(role, name)
    engine = create_engine(owner, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(said))
        yield {
            role: owner.set(username=name, password="PASSWORD").render_as_string(
                hide_password=False
            )
            for role, name in names.items()
        }
        for name in names.values():
            conn.execute(text(f"DROP OWNED BY {name}"))
            conn.execute(text(f"DROP ROLE {name}"))
    engine.dispose()
