"""Every kind of device by its name."""

from .airsync_device import AirSyncDevice
from .blood_pressure import BloodPressureMeter
from .etc_reader import EtcReader
from .glucose import GlucoseMeter
from .peripheral import Peripheral
from .simple import SORTS, SimpleDevice
from .sport_band import SportBand
from .weight_scale import WeightScale

KINDS = {kind.kind: kind for kind in (BloodPressureMeter, WeightScale, GlucoseMeter, SportBand, AirSyncDevice, EtcReader)}


def make(kind: str, **options) -> Peripheral:
    """A device as it is described in a list; `options` are those of its class."""
    if kind in SORTS:
        return SimpleDevice(kind, **options)
    if kind not in KINDS:
        raise ValueError(f"no kind {kind}, only {' '.join([*KINDS, *SORTS])}")
    return KINDS[kind](**options)
