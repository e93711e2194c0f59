"""Which of the firm's stories play over a real ERP as they stand, and what keeps each other one from it."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from rehearsal.overlay import OverlayName
from rehearsal.reading import Story

OVERLAYS: dict[str, OverlayName] = {"US01": "tryton-us", "DE01": "tryton"}
"""By the legal entity whose books Tryton keeps."""

_MONEY = {"US01": "USD", "DE01": "EUR"}

ENTITY = "is of a legal entity that the prepared books do not hold"
RATE = "is billed in another currency at a rate frozen here; Tryton books at its own table of rates"
TAX = "bears the tax of an engine beside the ERP; Tryton's lines bear the taxes of its own set-up"
LOCK = "locks receivables and leaves the month open, which Tryton cannot: a period is open, closed or locked as a whole"
SCHEDULE = "expects a billing schedule in the ERP, for which Tryton has no record"
NETSUITE = "speaks of NetSuite's own records, calls, settings or faults"


def overlaid(story: Story) -> Story:
    """A story that fits, over the books of its legal entity."""
    (entity,) = _entities(story)
    return story.over(OVERLAYS[entity])


def hindrance(story: Story) -> str:
    """Why it cannot be played over Tryton as it stands; nothing where it can."""
    return next(_hindrances(story), "")


def hindered(stories: Sequence[Story]) -> dict[str, list[str]]:
    """By what hinders them the stories that do not fit; a scenario stands for its variants where it hinders all of them."""
    found: dict[str, list[str]] = {}
    for scenario, variants in groupby(stories, key=lambda story: story.scenario.scenario):
        reasons = {story.name: hindrance(story) for story in variants}
        is_same = len(set(reasons.values())) == 1
        for name, reason in list(reasons.items())[:1] if is_same else reasons.items():
            if reason:
                found.setdefault(reason, []).append(scenario if is_same else name)
    return found


def _hindrances(story: Story) -> Iterator[str]:
    entities = _entities(story)
    told = story.scenario.model_dump(mode="json", include={"policies", "world", "steps", "then"}, exclude_defaults=True)
    said = json.dumps(told)
    if not (entities <= set(OVERLAYS) and len(entities) == 1):
        yield ENTITY
    if any(deal.currency != _MONEY.get(deal.entity or "", deal.currency) for deal in story.scenario.world.deals.values()):
        yield RATE
    if entities == {"US01"} and _taxes(story):
        yield TAX
    if '"ar_locked"' in said:
        yield LOCK
    if '"schedule"' in said:
        yield SCHEDULE
    if '"netsuite"' in said or "systems.netsuite" in said or '"erp_customers"' in said:
        yield NETSUITE


def _entities(story: Story) -> set[str]:
    return {deal.entity or "" for deal in story.scenario.world.deals.values()}


def _taxes(story: Story) -> bool:
    """Whether an invoice is expected to bear a tax."""
    scenario = story.scenario
    checks = [*scenario.then, *(one for step in scenario.steps for one in step.check or ())]
    return any(one.invoices and one.invoices.tax and not one.invoices.tax.is_zero for one in checks)
