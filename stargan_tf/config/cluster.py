"""The machines that train together, as the environment variable TF_CONFIG lists them."""

import dataclasses
import json
import os
import re
from typing import Any

from stargan_tf.config.settings import check
from stargan_tf.errors import UserError

VARIABLE = "TF_CONFIG"
_JOBS = ("chief", "worker")
_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Who trains together, and which of them this process is.

    Attributes:
      addresses: host:port of every process, the chief's first.
      index: of this process among them.
    """

    addresses: tuple[str, ...]
    index: int


def read_cluster(multi_worker: bool) -> Cluster | None:
    """Reads TF_CONFIG, for a process that is to train with others or alone.

    Args:
      multi_worker: whether it is to train with others.

    Returns:
      The cluster, or None for a process that trains alone.

    Raises:
      UserError: TF_CONFIG is missing or malformed, or names others to train with
        although this process was not told to: each would write into the same run.
    """
    text = os.environ.get(VARIABLE, "")
    if not multi_worker:
        check(
            not _names_others(text),
            f"Found several machines in {VARIABLE} but no --multi_worker, expected both or "
            f"neither: add --multi_worker to train together, or unset {VARIABLE} to train alone.",
        )
        return None
    check(
        bool(text),
        f"Found --multi_worker but no environment variable {VARIABLE}, expected one on every "
        f"machine such as {_EXAMPLE}: set it, or drop the flag to train alone.",
    )
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(f"no JSON ({error})") from error
    return _parse(values)


def _names_others(text: str) -> bool:
    try:
        cluster = json.loads(text)["cluster"]
        return sum(len(cluster.get(job, ())) for job in _JOBS) > 1
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False


def _parse(values: Any) -> Cluster:
    cluster, task = (_entry(values, name) for name in ("cluster", "task"))
    strangers = sorted(set(cluster) - set(_JOBS))
    if strangers:
        raise _malformed(f"tasks of type {strangers[0]}, where only chief and worker take part")
    for job, addresses in cluster.items():
        if not isinstance(addresses, list) or not all(map(_is_address, addresses)):
            raise _malformed(f"{addresses!r} for {job}, where a list of host:port is needed")
    if len(cluster.get("chief", ())) > 1:
        raise _malformed("several chiefs")
    addresses = tuple(address for job in _JOBS for address in cluster.get(job, ()))
    if len(addresses) < 2:
        raise _malformed(f"{len(addresses)} of the at least two machines that train together")
    if len(set(addresses)) < len(addresses):
        raise _malformed("one address twice")
    kind, number = task.get("type"), task.get("index")
    if kind not in cluster:
        raise _malformed(f"a task of type {kind!r}, which the cluster has not")
    if type(number) is not int or not 0 <= number < len(cluster[kind]):
        raise _malformed(f"the task's index {number!r}, where 0 to {len(cluster[kind]) - 1} exist")
    return Cluster(addresses, addresses.index(cluster[kind][number]))


def _entry(values: Any, name: str) -> dict[str, Any]:
    entry = values.get(name) if isinstance(values, dict) else None
    if not isinstance(entry, dict):
        raise _malformed(f"no object {name!r}")
    return entry


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\S+:\d{1,5}", value) is not None


def _malformed(what: str) -> UserError:
    return UserError(
        f"Found a {VARIABLE} that cannot be used, with {what}; expected one such as {_EXAMPLE}: "
        "correct it."
    )
