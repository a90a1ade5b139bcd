"""Killed at every commit there is, just before it and just after, and run again: nothing lost,
nothing doubled. Two complaints go round the whole loop with all of the office's consumers.
"""

import shutil

import pytest
from city import City
from endings import QUARTER, end_of, nothing_told_is_lost
from kills import some_of
from zygote import acknowledged

KILLED = -9


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G10")
def test_killed_before_any_commit_and_run_again_it_ends_the_same(
    storage, start, undisturbed, zygote, in_memory
):
    commits, expected = undisturbed
    assert commits > 20, "no crash points were found"
    for point in some_of(commits, storage):
        place = in_memory / storage.name / f"before-{point}"
        given = killed(storage, start, place, zygote, point, after=False)
        assert zygote.run(QUARTER, **given) == 0
        ended = end_of(place / "data", acknowledged(place / "acks"))
        assert ended == expected, f"killed before commit {point} of {commits}"
        storage.drop(place / "data")
        shutil.rmtree(place)


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G10")
def test_killed_just_after_any_commit_everything_told_is_there_and_nothing_is_half_done(
    storage, start, undisturbed, zygote, in_memory
):
    """On the disk this is what stands before the next commit, from where the story above goes on;
    so it is looked at as it was left.
    """
    commits, _ = undisturbed
    for point in some_of(commits, storage):
        place = in_memory / storage.name / f"after-{point}"
        killed(storage, start, place, zygote, point, after=True)
        city = City(place / "data")
        nothing_told_is_lost(city, acknowledged(place / "acks"))
        assert city.damage() == [], f"killed after commit {point} of {commits}"
        city.close()
        storage.drop(place / "data")
        shutil.rmtree(place)


def killed(storage, start, place, zygote, point, after):
    storage.copy(start, place / "data")
    given = {"folder": str(place / "data"), "acks": str(place / "acks")}
    assert zygote.run(QUARTER, **given, kill_at=point, after=after) == KILLED
    return given
