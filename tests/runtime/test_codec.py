"""Payloads under the key ring: nothing readable stays, rotations lose no history, what was altered or lost its key is said."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from canonical.errors import Misconfigured
from canonical.exception import Decision, Settlement
from runtime.codec import ENCODING, EncryptionCodec, KeyRing
from runtime.plugin import data_converter

RING = KeyRing({"k1": bytes(range(32)), "k2": bytes(32)}, "k2")
PLAIN = Payload(metadata={"encoding": b"json/plain", "messageType": b"x"}, data=b'{"amount":"190,000.00"}')


@pytest.fixture
def file(tmp_path: Path) -> Path:
    KeyRing.rotate(tmp_path / "ring.json")
    return tmp_path / "ring.json"


@given(st.lists(st.builds(Payload, metadata=st.dictionaries(st.text(), st.binary()), data=st.binary(max_size=500)), max_size=4))
async def test_whatever_is_sealed_is_opened_again(payloads: list[Payload]) -> None:
    codec = EncryptionCodec(RING)
    sealed = await codec.encode(payloads)
    assert await codec.decode(sealed) == payloads
    assert await codec.encode(sealed) == sealed  # once is enough


async def test_a_sealed_payload_tells_nothing_but_the_name_of_its_key() -> None:
    first, again = [(await EncryptionCodec(RING).encode([PLAIN]))[0] for _ in range(2)]
    assert dict(first.metadata) == {"encoding": ENCODING, "encryption-key-id": b"k2", "encryption-cipher": b"AES-256-GCM"}
    assert b"190,000" not in first.SerializeToString() and first.data != again.data


async def test_messages_of_ours_go_through_the_whole_converter() -> None:
    converter = data_converter(RING)
    said = Settlement(number=7, decision=Decision.ADOPT, actor="fin", adopt="501")
    assert await converter.decode(await converter.encode([said]), [Settlement]) == [said]


async def test_failures_are_sealed_with_their_words() -> None:
    from temporalio.api.failure.v1 import Failure

    converter, failure = data_converter(RING), Failure()
    await converter.encode_failure(RuntimeError("Acme owes 480,000.00"), failure)
    assert b"480,000" not in failure.SerializeToString()
    assert "480,000" in str(await converter.decode_failure(failure))


async def test_after_a_rotation_old_histories_stay_readable_and_new_ones_use_the_new_key(file: Path) -> None:
    [old] = await EncryptionCodec(KeyRing.read(file)).encode([PLAIN])
    assert KeyRing.rotate(file) == "k2"
    codec = EncryptionCodec(KeyRing.read(file))
    [new] = await codec.encode([PLAIN])
    assert [sealed.metadata["encryption-key-id"] for sealed in (old, new)] == [b"k1", b"k2"]
    assert await codec.decode([old, new]) == [PLAIN, PLAIN]


def test_rotating_a_ring_from_which_a_key_was_taken_keeps_the_others(file: Path) -> None:
    KeyRing.rotate(file)
    content = json.loads(file.read_text())
    del content["keys"]["k1"]
    file.write_text(json.dumps(content))
    kept = content["keys"]["k2"]
    assert KeyRing.rotate(file) == "k3"
    after = json.loads(file.read_text())
    assert (after["keys"]["k2"], after["current"], sorted(after["keys"])) == (kept, "k3", ["k2", "k3"])
    assert file.stat().st_mode & 0o077 == 0


async def test_a_key_that_is_gone_is_named(file: Path) -> None:
    [sealed] = await EncryptionCodec(RING).encode([PLAIN])
    with pytest.raises(Misconfigured, match="'k2'") as refused:
        await EncryptionCodec(KeyRing.read(file)).decode([sealed])
    assert "Put the key back" in refused.value.remedy


@given(st.data())
async def test_what_was_altered_does_not_open(data: st.DataObject) -> None:
    codec = EncryptionCodec(RING)
    [sealed] = await codec.encode([PLAIN])
    place, bit = data.draw(st.integers(0, len(sealed.data) - 1)), data.draw(st.integers(0, 7))
    altered = bytearray(sealed.data)
    altered[place] ^= 1 << bit
    with pytest.raises(Misconfigured, match="does not open"):
        await codec.decode([Payload(metadata=dict(sealed.metadata), data=bytes(altered))])
    with pytest.raises(Misconfigured, match="does not open"):
        await codec.decode([Payload(metadata=dict(sealed.metadata), data=sealed.data[:place])])
    with pytest.raises(Misconfigured, match="does not open"):  # another key's name is part of what is sealed
        await codec.decode([Payload(metadata={**sealed.metadata, "encryption-key-id": b"k1"}, data=sealed.data)])


@pytest.mark.parametrize("key_id", [b"", b"\xff\xfe"])
async def test_a_payload_without_a_key_that_can_be_named_is_refused(key_id: bytes) -> None:
    with pytest.raises(Misconfigured):
        await EncryptionCodec(RING).decode(
            [Payload(metadata={"encoding": ENCODING, "encryption-key-id": key_id}, data=b"x" * 40)]
        )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"keys": {}, "current": "k1"}',
        '{"keys": {"k1": "not base64!"}, "current": "k1"}',
        json.dumps({"keys": {"k1": base64.b64encode(b"too short").decode()}, "current": "k1"}),
        json.dumps({"keys": {"k1": base64.b64encode(bytes(32)).decode()}, "current": "k9"}),
    ],
)
def test_a_ring_that_cannot_be_used_is_refused_with_its_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ring.json"
    file.write_text(content)
    with pytest.raises(Misconfigured, match=r"ring\.json|no key 'k"):
        KeyRing.read(file)
    with pytest.raises(Misconfigured, match="FileNotFoundError"):
        KeyRing.read(tmp_path / "nowhere.json")
