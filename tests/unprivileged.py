"""Child processes for which the permissions of files count, whoever runs the tests."""

import ctypes
import os

_DROP_CAPABILITY = 24  # of prctl
_OVERRIDE_PERMISSIONS = (1, 2)


def without_privileges() -> None:
    """Lets permissions count for root as well, in a child process."""
    if os.geteuid():
        return
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for capability in _OVERRIDE_PERMISSIONS:
        if prctl(_DROP_CAPABILITY, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
