"""A batch of messages unpacked: what each codec packed comes out, up to a size."""

import gzip
import struct

import lz4.frame
import pytest
import snappy
import zstandard

from workflow.bus.unpacking import MOST, unpacked
from workflow.errors import InvalidInput


def as_java_sends_it(data):
    blocks = [snappy.compress(data[at : at + 32768]) for at in range(0, len(data), 32768)]
    header = bytes([0x82]) + b"SNAPPY\0" + struct.pack("!ii", 1, 1)
    return header + b"".join(struct.pack("!i", len(block)) + block for block in blocks)


CODECS = [
    (1, gzip.compress),
    (2, snappy.compress),
    (2, as_java_sends_it),
    (3, lz4.frame.compress),
    (4, zstandard.compress),
]


@pytest.mark.parametrize(("codec", "packs"), CODECS)
@pytest.mark.parametrize("size", [1, 127, 128, 40_000, 3_000_001])
def test_what_was_packed_comes_out(codec, packs, size):
    data = b"ab\xe4\xbb\xb6" * (size // 5 + 1)
    assert unpacked(codec, packs(data)) == data


@pytest.mark.parametrize(("codec", "packs"), CODECS)
def test_what_is_too_large_is_refused(codec, packs):
    assert len(unpacked(codec, packs(bytes(MOST)))) == MOST
    with pytest.raises(InvalidInput, match="16 MiB"):
        unpacked(codec, packs(bytes(MOST + 1)))


@pytest.mark.parametrize("codec", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("packed", [b"", b"\xff" * 40, b"\x82SNAPPY\0" + bytes(8) + b"\x7f" * 9])
def test_what_is_not_what_it_says_is_refused_or_nothing(codec, packed):
    try:
        assert unpacked(codec, packed) == b""
    except InvalidInput as wrong:
        assert "解不开" in wrong.reason or "超过" in wrong.reason
