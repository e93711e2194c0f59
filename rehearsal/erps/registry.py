"""Which ERP keeps the books of a legal entity on a stage: a real one where the story's overlay says so, else NetSuite."""

from collections import Counter

from rehearsal.erp import Erp
from rehearsal.erps.netsuite import NetSuiteErp
from rehearsal.erps.tryton import TrytonErp
from rehearsal.scene import Scene
from rehearsal.systems.registry import SystemName


def erp_of(scene: Scene, entity: str | None) -> Erp:
    """The one of that entity; of no entity in particular, the one that the story is about."""
    real = scene.stage.kept_in
    return _erp(scene, real.get(entity, "netsuite") if entity else next(iter(real.values()), "netsuite"))


def erps_on(scene: Scene) -> list[Erp]:
    """Every ERP there."""
    return [_erp(scene, system) for system in sorted({*scene.stage.kept_in.values(), "netsuite"})]


async def erp_balances(scene: Scene) -> Counter[str]:
    """What the books of every legal entity come to, wherever they are kept, by account; one at zero is as good as none."""
    simulated = NetSuiteErp(scene.stage.vendors["netsuite"])
    entities = sorted({*await simulated.entities(), *scene.stage.kept_in})
    held = {entity: await erp_of(scene, entity).balances(entity) for entity in entities}
    return Counter(
        f"{entity} {account} {balance.normalize():f}"
        for entity, accounts in held.items()
        for account, balance in accounts.items()
        if balance
    )


def _erp(scene: Scene, system: SystemName) -> Erp:
    vendor = scene.stage.vendors[system]
    return TrytonErp(vendor) if system == "tryton" else NetSuiteErp(vendor)
