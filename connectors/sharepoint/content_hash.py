"""quickXorHash, the only hash SharePoint gives: each byte is XORed into a ring of 160 bits, 11 bits further on than the last."""

import base64

_RING = 160
_MASK = (1 << _RING) - 1
_LENGTH_AT = 96


def quick_xor_hash(content: bytes) -> str:
    """The hash, as a file's ``hashes`` facet shows it."""
    # 160 steps of 11 bits come back to the start, so every 160 bytes are laid over each other first: that makes it fast.
    laid = 0
    for start in range(0, len(content), _RING):
        laid ^= int.from_bytes(content[start : start + _RING], "big") << 8 * max(0, start + _RING - len(content))
    ring = len(content) << _LENGTH_AT
    for step, byte in enumerate(laid.to_bytes(_RING, "big")):
        turned = byte << (11 * step % _RING)
        ring ^= (turned & _MASK) | (turned >> _RING)
    return base64.b64encode((ring & _MASK).to_bytes(_RING // 8, "little")).decode()
