"""Microsoft's quickXorHash, the only content hash that SharePoint gives for a file."""

import base64

_PERIOD = 160  # byte n lands on bit 11 * n of 160, so that bytes 160 apart land on the same bit


def quick_xor_hash(content: bytes) -> str:
    """The hash in base64, as the ``hashes`` facet of a file shows it."""
    folded = _folded(content)
    register = 0
    for position, byte in enumerate(folded):
        register ^= byte << (11 * position % _PERIOD)
    register = (register ^ (register >> _PERIOD)) & ((1 << _PERIOD) - 1)
    register ^= len(content) << 96  # the length, as 8 bytes, into the last 8 of the 20
    return base64.b64encode((register & ((1 << _PERIOD) - 1)).to_bytes(20, "little")).decode()


def _folded(content: bytes) -> bytes:
    """Every stretch of 160 bytes laid over the first."""
    folded = 0
    for start in range(0, len(content), _PERIOD):
        folded ^= int.from_bytes(content[start : start + _PERIOD], "little")
    return folded.to_bytes(_PERIOD, "little")
