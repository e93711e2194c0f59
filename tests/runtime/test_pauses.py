"""A process that is built keeps what stays out of collections, and still frees what does not."""

import gc
import weakref

from runtime.pauses import leave_out_what_stays


class _Knot:
    def __init__(self) -> None:
        self.itself = self


def test_what_stays_is_left_out_and_what_came_later_is_still_freed() -> None:
    often = gc.get_threshold()
    leave_out_what_stays()
    try:
        assert gc.get_freeze_count() > 10_000
        later = weakref.ref(_Knot())
        gc.collect()
        assert later() is None
    finally:
        gc.unfreeze()
        gc.set_threshold(*often)
