"""What a member commits: how far it has seen to what it read, since it joined."""

import pytest

from workflow.bus.offsets import Offsets

P, Q = ("ratings", 0), ("ratings", 1)
FIRST, AGAIN = ("member", 1), ("member", 3)


@pytest.fixture
def offsets():
    made = Offsets()
    made.polled(FIRST, {P: 90, Q: 0})
    return made


def test_everything_up_to_the_last_one_seen_to(offsets):
    for offset in range(90, 100):
        offsets.saw(P, offset)
    assert offsets.told() == {P: 100}


def test_nothing_of_before_it_joined_anew(offsets):
    """Another one had P meanwhile, and came to 500."""
    offsets.saw(P, 99)
    offsets.polled(AGAIN, {P: 500, Q: 1})
    offsets.saw(Q, 1)
    assert offsets.told() == {Q: 2}
    offsets.saw(P, 499)
    assert offsets.told() == {Q: 2}
    offsets.saw(P, 500)
    assert offsets.told() == {P: 501, Q: 2}


def test_nor_of_a_partition_that_has_brought_nothing_since(offsets):
    offsets.polled(AGAIN, {})
    offsets.saw(P, 99)
    assert offsets.told() == {}


def test_what_was_in_hand_meanwhile_counts_if_it_comes_again(offsets):
    offsets.polled(AGAIN, {P: 95})
    offsets.saw(P, 99)
    assert offsets.told() == {P: 100}


def test_told_once_in_a_while_and_only_what_is_new(offsets, monkeypatch):
    monkeypatch.setattr("workflow.bus.offsets.COMMITTED_EVERY", -1.0)
    assert not offsets.due
    offsets.saw(Q, 3)
    assert offsets.due
    offsets.told()
    assert not offsets.due
