"""The order in which a parallel run takes the tests."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.order import spread


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(1, 8))
def test_every_test_runs_once_and_long_ones_begin(weights: list[int], workers: int) -> None:
    items = [(place, weight) for place, weight in enumerate(weights)]
    long = [item for item in items if item[1] == 4]
    found = spread(items, long, workers)
    assert sorted(found) == items
    short = [item for item in found if item not in long]
    assert short == [item for item in items if item not in long], "the others keep their order"
    if len(items) >= workers * (len(long) + 1):
        # Where each process begins, as pytest-xdist cuts the list.
        begins, left = [], len(items)
        for place in range(workers):
            begins.append(len(items) - left)
            left -= left // (workers - place)
        for rank, item in enumerate(long):
            assert found.index(item) == begins[rank % workers] + rank // workers
