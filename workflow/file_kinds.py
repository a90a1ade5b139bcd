"""附件: what kind of file it is by what it holds, whatever its name says; a name to be shown."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from schemas.text import clean
from workflow.errors import InvalidInput

MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "jpg": "image/jpeg",
        "png": "image/png",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
"""The kinds that are taken."""

PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""The ways in which the parts of an office file are packed."""

_HEADS = ((b"%PDF-", "pdf"), (b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"))
_TYPES = "[Content_Types].xml"
_MAIN = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_UNWANTED = re.compile(r"(?i)vba|macro|activex|oleobject|\.(?:exe|dll|js|vbs|bat|cmd|ps1)$")
_MEMBERS_MOST, _WHOLE_MOST, _TYPES_MOST = 2000, 200 << 20, 1 << 20
_RATIO_MOST = 200
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
_TAKEN = "只收 PDF、JPG、PNG 和不带宏的 DOCX、XLSX"
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"|?*%]')
_NAME_MOST = 60


def kind_of(content: bytes) -> str:
    """pdf, jpg, png, docx or xlsx. Raises InvalidInput for anything else, and for an office file
    with macros or one that would swell when it is opened.
    """
    for head, kind in _HEADS:
        if content.startswith(head):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _office_file(content)
    raise InvalidInput("附件", "", f"这个文件打不开，或不是能收的类型；{_TAKEN}")


def _office_file(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _refuse_swelling(members)
            names = {member.filename for member in members}
            if _TYPES not in names or any(map(_is_odd, members)):
                raise InvalidInput("附件", "", f"不是完好的 DOCX 或 XLSX，或加了密；{_TAKEN}")
            with archive.open(_TYPES) as file:
                types = file.read(_TYPES_MOST)
    except _DAMAGED as error:
        raise InvalidInput("附件", "", f"文件已损坏；{_TAKEN}") from error
    if any(map(_UNWANTED.search, names)) or b"macroEnabled" in types:
        raise InvalidInput("附件", "", "文件里有宏或嵌入的程序，请另存为不带宏的文件再传")
    kinds = [kind for name, kind in _MAIN.items() if name in names]
    if len(kinds) != 1:
        raise InvalidInput("附件", "", f"是压缩包，不是 DOCX 或 XLSX；{_TAKEN}")
    return kinds[0]


def _is_odd(member: zipfile.ZipInfo) -> bool:
    """Whether it is encrypted, or packed as no office file is."""
    return member.flag_bits & 1 != 0 or member.compress_type not in PACKED


def _refuse_swelling(members: list[zipfile.ZipInfo]) -> None:
    swelling = any(
        member.file_size > 1 << 20 and member.file_size > _RATIO_MOST * max(1, member.compress_size)
        for member in members
    )
    whole = sum(member.file_size for member in members)
    if swelling or whole > _WHOLE_MOST or len(members) > _MEMBERS_MOST:
        raise InvalidInput("附件", "", "解压后过大，不收")


def shown_name(name: str, kind: str) -> str:
    """The file's name without its folders, signs that systems take amiss, or another kind's
    ending.
    """
    last = clean(name).replace("\\", "/").rpartition("/")[2]
    stem = _UNFIT.sub("", PurePosixPath(last).stem).strip(" .")
    return f"{stem[:_NAME_MOST] or '附件'}.{kind}"
