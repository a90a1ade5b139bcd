"""上传：a file that a form brought, and a sheet that lies in a page."""

from __future__ import annotations

from base64 import b64encode
from typing import IO, NamedTuple

from starlette.datastructures import FormData, UploadFile

from console.tables import XLSX
from workflow.errors import InvalidInput


class Upload(NamedTuple):
    """What a form brought: the file, open, and the name it has with the person."""

    file: IO[bytes]
    name: str


def upload(form: FormData) -> Upload:
    """Raises InvalidInput where no file was chosen."""
    given = form.get("file")
    if not isinstance(given, UploadFile) or not given.filename:
        raise InvalidInput("file", "", "请先选一个文件")
    return Upload(given.file, given.filename)


def at_hand(content: bytes) -> str:
    """An XLSX as the address of a link in a page: it is nowhere but there, and gone with it."""
    return f"data:{XLSX};base64,{b64encode(content).decode()}"
