"""归集: the cells of one row, made fit to be read."""

from collections.abc import Sequence

from schemas.text import clean, is_clean
from workflow.errors import InvalidInput

_KEYS = frozenset({"projectNo", "serviceNumber", "assessNumber"})


def agreeing(columns: Sequence[str | None], cells: Sequence[str]) -> list[str]:
    """The cells, with what one of two columns of the same meaning says written into both."""
    said: dict[str | None, str] = {}
    for column, cell in zip(columns, cells, strict=True):
        if column and (text := cell.strip()) and said.setdefault(column, text) != text:
            raise InvalidInput(column, text, "两栏内容不一致")
    return [said.get(column, "") for column in columns]


def cleaned(columns: Sequence[str | None], cells: Sequence[str]) -> list[str]:
    """The cells as `clean` leaves them; InvalidInput if that would change a key."""
    for column, cell in zip(columns, cells, strict=True):
        if column in _KEYS and not is_clean(cell):
            # Cleaning could make two keys one.
            raise InvalidInput(str(column), clean(cell), "含控制字符或乱码")
    return [clean(cell) for cell in cells]
