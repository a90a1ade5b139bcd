"""Files for stories: small ones of the kinds that units attach, whole or otherwise."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping


def office_file(
    main: str,
    more: Mapping[str, bytes] | None = None,
    types: bytes = b"<Types/>",
    packed: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A DOCX or XLSX with this main part, and whatever else is put into it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", packed) as archive:
        archive.writestr("[Content_Types].xml", types)
        for name, content in {main: b"<x/>", **(more or {})}.items():
            archive.writestr(name, content)
    return whole.getvalue()


def repacked(content: bytes, packed: int) -> bytes:
    """The same archive with every part packed so."""
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(whole, "w", packed) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return whole.getvalue()


def damaged(content: bytes, seed: int) -> bytes:
    """The file with some bytes altered or lost, most of them in the list at an archive's end; its
    head stays.
    """
    chance, made = random.Random(seed), bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5))):
        least = 4 if chance.random() < 0.4 else max(4, len(made) - 900)
        place = chance.randrange(least, len(made))
        if chance.random() < 0.1:
            del made[place : place + chance.randint(1, 40)]
        else:
            made[place] = chance.choice((0, 255, chance.randrange(256)))
    return bytes(made)
