"""Whoever asks too often waits; whoever comes again later does not; memory stays bounded."""

import pytest

from console.web import limiting
from console.web.limiting import Buckets, TooOften


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def buckets(clock):
    return Buckets(2, 0.5, lambda: clock[0])


def test_so_many_at_once_and_then_one_by_one(buckets, clock):
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(TooOften) as refused:
        buckets.take("a")
    assert refused.value.retry_after == 2
    clock[0] += 2
    buckets.take("a")
    with pytest.raises(TooOften):
        buckets.take("a")


def test_one_asker_is_not_in_anothers_way(buckets):
    for asker in ("a", "a", "b", "b"):
        buckets.take(asker)


def test_a_long_rest_fills_the_bucket_and_no_more(buckets, clock):
    clock[0] += 1_000_000
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(TooOften):
        buckets.take("a")


def test_asking_whether_there_is_one_takes_none(buckets):
    for _ in range(5):
        buckets.ask("a")
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(TooOften):
        buckets.ask("a")


def test_the_one_quiet_longest_is_forgotten(buckets, monkeypatch):
    monkeypatch.setattr(limiting, "MOST", 3)
    for asker in "abcad":
        buckets.take(asker)
    assert list(buckets._left) == ["c", "a", "d"]
