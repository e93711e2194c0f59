"""Which ERP keeps the books of a legal entity on a stage: a real one where the story's overlay says so, else NetSuite."""

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


def _erp(scene: Scene, system: SystemName) -> Erp:
    vendor = scene.stage.vendors[system]
    return TrytonErp(vendor) if system == "tryton" else NetSuiteErp(vendor)
