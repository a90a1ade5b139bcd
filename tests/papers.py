"""Files for stories: small ones of the kinds that units attach, whole or otherwise."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping


def office_file(
    main: str, more: Mapping[str, bytes] | None = None, types: bytes = b"<Types/>"
) -> bytes:
    """A DOCX or XLSX with this main part, and whatever else is put into it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        for name, content in {main: b"<x/>", **(more or {})}.items():
            archive.writestr(name, content)
    return whole.getvalue()
