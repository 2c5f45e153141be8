"""Long tests begin: met at the end, one of them keeps a process at work while the others have none left."""

from __future__ import annotations

from itertools import chain, islice
from typing import TypeVar

import pytest

T = TypeVar("T")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """After the shuffle. Each process begins with a stretch of its own: the long tests are dealt out among them."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = spread(items, [item for item in items if item.get_closest_marker("long")], workers)


def spread(items: list[T], long: list[T], workers: int) -> list[T]:
    """`items` in the order given, but the `long` ones at the beginnings of as many equal stretches."""
    seen = {id(one) for one in long}
    others = iter([one for one in items if id(one) not in seen])
    stretches = []
    for place in range(workers):
        mine = long[place::workers]
        # As the stretches are cut: what is left, by the processes that are left.
        size = (len(items) - sum(map(len, stretches))) // (workers - place)
        stretches.append(mine + list(islice(others, max(size - len(mine), 0))))
    return [*chain(*stretches), *others]
