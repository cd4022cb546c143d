"""Sides that compute next to nothing, and facts of such."""

import sys

from tests.pytorch_reference.job import Job

JOB = Job("iteration", {"img_size": 64}, 2, 2, "nowhere", autocast=False, channels_last=False)
FACTS = {
    "warm_up_seconds": [3.0, 1.0],
    "program_bytes": 2**30,
    "state_bytes": 2**31,
    "peak_bytes": 3 * 2**30,
    "results": {},
    "operations": 4 * 10**9,
    "threads": 2,
    "software": {"numpy": "1"},
}
MACHINE = {
    "cpu": "a CPU",
    "cores": 2,
    "usable_cores": 2,
    "memory_bytes": 2**33,
    "gpus": [],
    "instruction_sets": [],
    "onednn": "1",
}
_SERVES = """
from stargan_tf.errors import UserError
from tests.pytorch_reference.job import Task, serve

def make(job):
    print("noise of a library")
    if job.what != "iteration":
        raise UserError("Found no iteration: give one.")
    return Task(lambda: sum(range(1000)), lambda n: {"sum": n, "size": job.training.img_size}, int)

serve({"threads": 1}, make)
"""


def command(program: str = _SERVES) -> list[str]:
    """Starts a side."""
    return [sys.executable, "-c", program]
