"""Which port a part listens on: its well-known one where that is free, any free one otherwise."""

import random
import socket

LOOPBACK = "127.0.0.1"

WELL_KNOWN = {"postgres": 5440, "temporal": 7233, "temporal-ui": 8233, "gateway": 8080, "metrics": 9464}
FIRST_VENDOR = 8301
_SPARE = (12_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """As many different free ports; all are held until the last is found, so that none comes twice.

    Below those that systems give to outgoing connections (from 32768 on): one of them might take a port before its server does.
    """
    probes = list[socket.socket]()
    try:
        for port in random.SystemRandom().sample(range(*_SPARE), _SPARE[1] - _SPARE[0]):
            if len(probes) == count:
                break
            probe = socket.socket()
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                probe.close()
            else:
                probes.append(probe)
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def choose(wanted: dict[str, int], *, well_known: bool = True) -> dict[str, int]:
    """A port for each name: the wanted one where it is free (and well-known ones are asked for), another otherwise."""
    spare = free_ports(len(wanted))
    return {
        name: port if well_known and is_free(port) else other for (name, port), other in zip(wanted.items(), spare, strict=True)
    }
