"""导出: a table as a file, in the form asked for."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from fastapi.responses import Response

from console.accounts.sheets import Cell
from console.tables import CSV, XLSX, as_csv, as_xlsx


def download(rows: Sequence[Sequence[Cell]], name: str, form: str) -> Response:
    """The rows as `name`.xlsx or .csv; `form` is "xlsx" or anything else."""
    excel = form == "xlsx"
    return attached(
        as_xlsx(rows) if excel else as_csv(rows),
        f"{name}.{'xlsx' if excel else 'csv'}",
        XLSX if excel else CSV,
    )


def attached(content: bytes, name: str, kind: str) -> Response:
    """A file to be saved under this name."""
    shown = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=kind, headers={"Content-Disposition": shown})
