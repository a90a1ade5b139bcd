"""What senders packed, unpacked up to a size; a batch that is larger, or cannot be unpacked, comes
as one message that holds it as it was sent, and says why. So does a message with a header whose
name is no text: the client would stop before it for ever.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import lz4.frame
import snappy
import zstandard

from workflow.bus.broker import UNREAD
from workflow.errors import InvalidInput

MOST = 16 << 20
"""Bytes of a batch, unpacked: clients send a megabyte, and a few bytes may unpack to a gigabyte."""

_XERIAL = bytes([0x82]) + b"SNAPPY\0"
_XERIAL_HEADER = 16


def _gzip(packed: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(packed, MOST + 1)


def _lz4(packed: bytes) -> bytes:
    return bytes(lz4.frame.LZ4FrameDecompressor().decompress(packed, max_length=MOST + 1))


def _zstd(packed: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
        return reader.read(MOST + 1)


def _snappy(packed: bytes) -> bytes:
    """One block, or, as Java sends it, blocks that each have their length before them."""
    if not packed.startswith(_XERIAL):
        return _block(packed, 0)
    found, at = b"", _XERIAL_HEADER
    while at < len(packed) and len(found) <= MOST:
        (length,) = struct.unpack_from("!i", packed, at)
        found += _block(packed[at + 4 : at + 4 + length], len(found))
        at += 4 + length
    return found


def _block(packed: bytes, before: int) -> bytes:
    """It says by its first bytes, seven bits each, how large it is: one too large is not begun."""
    size = sum((byte & 0x7F) << 7 * n for n, byte in enumerate(_varint(packed)))
    return bytes(MOST + 1) if before + size > MOST else bytes(snappy.decompress(packed))


def _varint(packed: bytes) -> Iterator[int]:
    for byte in packed[:5]:
        yield byte
        if byte < 0x80:  # the last of its bytes
            return


_CODECS: Mapping[int, Callable[[bytes], bytes]] = {1: _gzip, 2: _snappy, 3: _lz4, 4: _zstd}
"""By their numbers in Kafka's protocol."""


def unpacked(codec: int, packed: bytes) -> bytes:
    """Raises InvalidInput for what is larger than MOST, or is not what it says it is."""
    try:
        found = _CODECS[codec](packed)
    except Exception as error:  # each library has its own
        said = f"压缩的一批消息解不开：{type(error).__name__}"
        raise InvalidInput("正文", "", said) from error
    if len(found) > MOST:
        raise InvalidInput("正文", "", f"压缩的一批消息解开后超过 {MOST >> 20} MiB")
    return found


Number = Callable[[Any, int], tuple[int, int]]


class _Legible(bytearray):
    """Bytes of which each part can be read as text: what is none is written out."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Legible(found) if isinstance(at, slice) else found

    def decode(self, *_: Any, **__: Any) -> str:
        return bytes(self).decode(errors="backslashreplace")


def _unnamed(batch: Any, following: Callable[[Any], Any], varint: Number) -> Any:
    """The next record, of which a header's name is no text."""
    whole, at = batch._buffer, batch._pos
    length, start = varint(whole, at)
    batch._buffer, batch._pos = _Legible(whole[at : start + length]), 0
    found = following(batch)
    batch._buffer, batch._pos = whole, start + length
    found.headers.append((UNREAD, "消息头的名称不是 UTF-8".encode()))
    return found


def _unpack(batch: Any) -> None:
    if not batch._decompressed and batch.compression_type:
        raw = unpacked(batch.compression_type, bytes(memoryview(batch._buffer)[batch._pos :]))
        batch._buffer, batch._pos = bytearray(raw), 0
    batch._decompressed = True


def bound(batches: Any, record: Any, varint: Number) -> None:
    """The client's class of batches iterates so from now on; `record` is its class of a record,
    `varint` reads a number.
    """
    following = batches.__next__

    def each_next(batch: Any) -> Any:
        try:
            return following(batch)
        except Exception as error:
            if isinstance(error.__context__, UnicodeDecodeError):
                return _unnamed(batch, following, varint)
            raise

    def each(batch: Any) -> Iterator[Any]:
        try:
            batch._maybe_uncompress()
        except InvalidInput as wrong:
            packed = bytes(memoryview(batch._buffer)[batch._pos :])
            said = [(UNREAD, wrong.reason.encode())]
            when = (batch.first_timestamp, batch.timestamp_type)
            return iter([record(len(packed), batch.base_offset, *when, None, packed, said)])
        found: Iterator[Any] = batch
        return found

    batches._maybe_uncompress, batches.__iter__, batches.__next__ = _unpack, each, each_next
