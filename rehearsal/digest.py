"""What two performances of one story must have in common: ledger and vendors' records, without times and ids (U6)."""

import re
from collections import Counter
from collections.abc import Iterator

from rehearsal.erps.registry import erp_balances
from rehearsal.estate import estate
from rehearsal.ledger_lines import ledger_lines
from rehearsal.scene import Scene

Digest = dict[str, Counter[str]]
# Something that was finished is reversed, something that stopped halfway is cleared and closed: either way nothing of it lives.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")  # a version may be the time of a change
_UNDONE = {"reversed": "undone", "closed": "undone"}


async def digest(scene: Scene) -> Digest:
    """The comparable state at the end of a performance."""
    view = scene.view
    plans = await view.rows(
        "SELECT reference, version, sum(amount) AS amount FROM planned_revenue WHERE withdrawn_at IS NULL GROUP BY 1, 2"
    )
    return {
        "engagements": Counter(
            f"{row['reference']} version {row['version']} {row['status']} {row['value_amount']} {row['value_currency']}"
            for row in await view.engagements()
        ),
        "exceptions": Counter(
            f"{case['code']} {case['engagement']} {case['subject']} {case['state']}" for case in await view.cases()
        ),
        "writes": Counter(
            f"{_timeless(effect['key'])} {_UNDONE.get(effect['state'], effect['state'])}"
            for effect in await view.effects()
            if not effect["reverses"]
        ),
        "cross references": Counter(
            f"{pair['system']} {pair['kind']} {_timeless(pair['reference'])}"
            for pair in await view.references()
            if not pair["withdrawn_at"]
        ),
        "billable items": Counter(
            f"{one['reference']} {one['state']} {one['approved']} approved, {one['billed']} billed, {one['credited']} credited"
            for one in await view.billables()
        ),
        **await ledger_lines(view),
        "books of the ERP": await erp_balances(scene),
        "sub-ledgers": Counter(
            f"{one['kind']} {one['contract']} {one['name']} {one['balance']}" for one in await view.sub_ledgers()
        ),
        "planned revenue": Counter(f"{row['reference']} version {row['version']} {row['amount']}" for row in plans),
        "live records": Counter(
            f"{record.system} {record.kind} {record.reference}"
            for record in await estate(scene.stage.vendors)
            if record.live and record.reference
        ),
    }


def _timeless(name: str) -> str:
    return _MOMENT.sub("at its time", name)


def compared(plain: Digest, other: Digest) -> Iterator[str]:
    """Where the other performance ended differently."""
    for part, expected in plain.items():
        for line in sorted((expected - other[part]).elements()):
            yield f"U6: {part}: expected {line}, which is not there"
        for line in sorted((other[part] - expected).elements()):
            yield f"U6: {part}: found {line}, which the plain performance does not have"
