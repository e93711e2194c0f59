"""The benches run whole, on real servers, with a few of everything."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bench.__main__ import run
from bench.report import rendered


@pytest.mark.timeout(300)
async def test_a_small_run_measures_all_and_both_sides_do_the_same(tmp_path: Path) -> None:
    found = await run(tmp_path, quick=True, progress=Console(quiet=True))
    provisioning, webhooks, billing = found.provisioning, found.webhooks, found.billing
    assert provisioning and webhooks and billing
    assert provisioning.calls["ours"] == provisioning.calls["bare"]
    assert provisioning.activities["bare"] > provisioning.activities["ours"] > 5
    assert [one.setting for one in provisioning.comparisons] == ["1 at a time", "2 at a time"]
    assert all(one.ours.count == one.bare.count and one.rate > 0 for one in provisioning.comparisons)
    assert webhooks.repeated > 0 and webhooks.comparison.ours.count == 50
    written = StringIO()
    shown = Console(file=written, width=160)
    for piece in rendered(found):
        shown.print(piece)
    assert len(found.aims) == 10 and "ours / bare" in written.getvalue()
    assert (billing.tenth.entries, billing.whole.entries, billing.whole.bare.batches) == (200, 2_000, 20)
    assert "A month billed" in written.getvalue()
