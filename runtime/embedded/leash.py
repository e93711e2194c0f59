"""Run as a script before a child's own program: ties its life to its parent's and, under root, drops to another account.

A preexec_fn would do the same, but may deadlock in a parent with threads, and Temporal's core is full of them.
Imports the standard library only, so that it costs 15 ms; then it becomes the program (same process id).
"""

import argparse
import contextlib
import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def _prctl(option: int, argument: int, other: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(argument), ctypes.c_ulong(other), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _keep_reach_into_closed_folders() -> None:
    """The account may pass folders that only root may enter (a checkout under /root), without anybody widening them."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    reach = 1 << CAP_DAC_OVERRIDE
    sets = (ctypes.c_uint32 * 6)(reach, reach, reach, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def become(account: str, *, reach: bool) -> None:
    """Go on as this account for good; with reach where the kernel grants it (some containers do not: open the folders there)."""
    entry = pwd.getpwnam(account)
    if reach:
        with contextlib.suppress(OSError, AttributeError):
            _prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if reach:
        with contextlib.suppress(OSError, AttributeError):
            _keep_reach_into_closed_folders()


def end_with_parent(parent: int, number: int) -> None:
    """Ask the kernel for this signal when the parent ends, even by kill -9. Linux only; elsewhere the ordinary path must do."""
    if not sys.platform.startswith("linux"):
        return
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Do as the options say, then become the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--account")
    parser.add_argument("--reach", action="store_true")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    if given.account:
        become(given.account, reach=given.reach)
    end_with_parent(given.parent, given.signal)  # after the change of account, which clears it
    os.execvp(given.command[0], given.command)


if __name__ == "__main__":
    main()
