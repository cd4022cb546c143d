"""How much memory this process holds, and has held at most."""

import contextlib
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): sets the peak to what is held now


def peak() -> int:
    """The most bytes that were held since the process began, or since `reset_peak`."""
    if _STATUS.exists():
        # Linux's ru_maxrss would include what the parent held, and VmHWM can lag behind VmRSS.
        return max(_status("VmHWM"), _status("VmRSS"))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def reset_peak() -> bool:
    """Makes `peak` begin anew; returns False where the system cannot."""
    with contextlib.suppress(OSError):
        _RESET.write_text(_RESET_PEAK, encoding="utf-8")
        return True
    return False


def held() -> int | None:
    """The bytes that are held now; None where the system does not tell."""
    return _status("VmRSS") if _STATUS.exists() else None


def _status(name: str) -> int:
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
