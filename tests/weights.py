"""How much a page weighs on the wire: itself and whatever it names but charts, each gzipped."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parents[1] / "console" / "web" / "static"
MOST = 150_000
"""Bytes of a page with its styles and scripts, gzipped, charts apart."""

CHARTS = "vendor/echarts.common.min.js"
NAMED = re.compile(r"(?:href|src)=\"/static/([^\"?#]+)")


def weight(html: str) -> int:
    """Bytes. Raises FileNotFoundError for a page that names a file there is not."""
    return len(gzip.compress(html.encode())) + sum(map(_file, {*NAMED.findall(html)} - {CHARTS}))


@cache
def _file(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes()))
