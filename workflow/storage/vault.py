"""Personal data and free text: sealed with AES-256-GCM, matched by keyed hashes, erased by
deleting rows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import ColumnElement, Connection, and_, bindparam, select

from workflow.errors import Damaged, InvalidInput, WrongKey
from workflow.storage.models import vault

SALT = 16
NONCE = 12


@dataclass(frozen=True, slots=True)
class Keys:
    """The office's keys, each derived from one master secret: sealing, matching, chaining,
    citizen links.
    """

    seal: bytes
    match: bytes
    chain: bytes
    link: bytes

    @classmethod
    def derive(cls, master: bytes) -> Keys:
        def expand(info: str) -> bytes:
            return HKDFExpand(SHA256(), 32, info.encode()).derive(master)

        return cls(expand("seal"), expand("match"), expand("chain"), expand("link"))


def load_keys(folder: Path, from_environment: str | None, *, new: bool = True) -> Keys:
    """The keys from BIHUAN_KEY (64 hex digits) or the folder's key file, made on first use,
    readable by its owner only.

    Raises WrongKey where there is none and the database is not `new`: no other key will do.
    """
    if from_environment is not None:
        return Keys.derive(_master("BIHUAN_KEY", from_environment))
    path = folder / "bihuan.key"
    try:
        return Keys.derive(_master(str(path), path.read_text()))
    except FileNotFoundError:
        if not new:
            message = f"数据库旁没有密钥文件 {path}。请放回原来的密钥：新的密钥打不开已有的数据"
            raise WrongKey(message) from None
        master = os.urandom(32)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return load_keys(folder, None)
        with os.fdopen(handle, "w") as file:
            file.write(master.hex())
            file.flush()
            os.fsync(file.fileno())
        return Keys.derive(master)


def _master(field: str, text: str) -> bytes:
    try:
        master = bytes.fromhex(text.strip())
    except ValueError:
        master = b""
    if len(master) != 32:
        raise InvalidInput(field, "（不显示）", "密钥须是64位十六进制数字")
    return master


@dataclass(frozen=True, slots=True)
class Sealed:
    """A free text ready to be stored: its salted digest goes into the event, the text into the
    vault.
    """

    digest: str
    salted: bytes


def seal_text(text: str) -> Sealed:
    """The text with a fresh salt, and the digest that stands for it in the log."""
    return with_salt(text.encode())


def with_salt(plain: bytes) -> Sealed:
    """The same for whatever a file holds."""
    salted = os.urandom(SALT) + plain
    return Sealed(digest_of(salted), salted)


def digest_of(salted: bytes) -> str:
    """What stands for it in the log."""
    return hashlib.sha256(salted).digest()[:16].hex()


def opened_text(salted: bytes) -> str:
    return salted[SALT:].decode()


_SEALED = select(vault.c.sealed).where(
    vault.c.owner == bindparam("of_owner"), vault.c.field == bindparam("of_field")
)


def bounds(prefix: str) -> tuple[str, str]:
    """The owners that begin so are from the first on and before the second: they are compared byte
    by byte on every database.
    """
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


def under(prefix: str) -> ColumnElement[bool]:
    """The rows whose owner begins so."""
    begin, beyond = bounds(prefix)
    return and_(vault.c.owner >= begin, vault.c.owner < beyond)


class Vault:
    """Seals and opens rows of the vault; a row moved to another owner or field does not open."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = AESGCM(keys.seal)
        self._match = keys.match

    def seal(self, owner: str, field: str, plain: bytes) -> bytes:
        return self.sealed([(owner, field, plain)])[0][2]

    def sealed(self, rows: Iterable[tuple[str, str, bytes]]) -> list[tuple[str, str, bytes]]:
        """Many rows (owner, field, plain) sealed at once."""
        rows = list(rows)
        nonces, encrypt = os.urandom(NONCE * len(rows)), self._cipher.encrypt
        made = []
        for place, (owner, field, plain) in enumerate(rows):
            nonce = nonces[place * NONCE : (place + 1) * NONCE]
            made.append((owner, field, nonce + encrypt(nonce, plain, f"{owner}/{field}".encode())))
        return made

    def unseal(self, owner: str, field: str, sealed: bytes) -> bytes:
        """Raises Damaged if the row was altered or belongs elsewhere."""
        aad = f"{owner}/{field}".encode()
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], aad)
        except (InvalidTag, ValueError):
            raise Damaged(f"保密库中“{owner}/{field}”打不开：内容或密钥不对") from None

    def text(self, conn: Connection, owner: str, field: str) -> str | None:
        """The free text an event refers to; None once it is erased."""
        plain = self.plain(conn, owner, field)
        return None if plain is None else opened_text(plain)

    def plain(self, conn: Connection, owner: str, field: str) -> bytes | None:
        sealed = conn.execute(_SEALED, {"of_owner": owner, "of_field": field}).scalar()
        return None if sealed is None else self.unseal(owner, field, bytes(sealed))

    def phone_hash(self, phone: str) -> int:
        """The keyed hash by which phones are matched, each as `phones.number_of` gives it: 63 bits,
        never reversible without the key.
        """
        return self._hash("phone:" + phone)

    def digest(self, plain: bytes) -> str:
        """Tells the same from another, never reversible without the key."""
        return hashlib.blake2b(plain, digest_size=16, key=self._match).hexdigest()

    def last4_hash(self, phone: str) -> int:
        return self._hash("last4:" + phone[-4:])

    def _hash(self, text: str) -> int:
        digest = hashlib.blake2b(text.encode(), digest_size=8, key=self._match).digest()
        return int.from_bytes(digest, "big") >> 1
