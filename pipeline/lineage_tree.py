"""Shows the origin of a model as a tree of lines."""

import dataclasses
from typing import Any, NamedTuple

from pipeline.provenance import Record
from stargan_tf.algorithms.registry import DEFAULT, settings_class
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.sources import source_class

_GONE = "unknown: its files are gone"


class Node(NamedTuple):
    """A line with what belongs to it below."""

    text: str
    children: tuple["Node | str", ...] = ()


def render(node: Node | str, prefix: str = "") -> str:
    """Draws a tree."""
    if isinstance(node, str):
        return node
    lines = [node.text]
    for number, child in enumerate(node.children, 1):
        last = number == len(node.children)
        below = prefix + ("   " if last else "│  ")
        lines.append(f"{prefix}{'└─' if last else '├─'} {render(child, below)}")
    return "\n".join(lines)


def lineage_tree(found: Record) -> Node:
    """Makes a tree of what `provenance.trace` found."""
    model = found["model"]
    parts = [
        f"pushed to {found['pushed_to']} by {_execution(found['push'])}",
        Node(f"model {model['number']}: {model['uri']}", _training(found["training"])),
        _images(found["data"]),
        _evaluation(found["evaluation"]),
        _infrastructure(found["infrastructure"]),
    ]
    return Node(f"version {found['version']}", tuple(part for part in parts if part))


def _training(training: Record) -> tuple[Node | str, ...]:
    settings = training["settings"] or {}
    config_class = settings_class(settings.get("algorithm", DEFAULT))
    defaults = {field.name: field.default for field in dataclasses.fields(config_class)}
    given = {name: v for name, v in settings.items() if v != defaults.get(name) and v != ""}
    attempts = [_execution(attempt) for attempt in training["earlier_attempts"]]
    return (
        f"by {_execution(training)}",
        *(f"after {attempt}" for attempt in attempts),
        f"code {training['source_hash']}",
        f"start: {_start(training)}",
        Node(
            "settings that are not the defaults" if given else "settings: the defaults",
            tuple(f"{name} = {value}" for name, value in given.items()),
        ),
    )


def _start(training: Record) -> str:
    if training["started_from"]:
        return _other(training["started_from"])
    run = (training["settings"] or {}).get("warm_start")
    return f"the run {run}" if run else "random weights"


def _images(data: Record) -> Node:
    counts = data["counts"] or {}
    splits = tuple(
        f"{split}: {', '.join(f'{count:,} {domain}' for domain, count in by_domain.items())}"
        for split, by_domain in counts.items()
    )
    checks = tuple(
        f"{words}: {data[key]['uri']}, by {_execution(data[key])}"
        for key, words in (("schema", "schema"), ("statistics", "statistics"))
        if data[key]
    )
    anomalies = data["anomalies"]
    if anomalies:
        by_split = anomalies["found"]
        names = sorted({name for split in (by_split or {}).values() for name in split})
        words = _GONE if by_split is None else ", ".join(names) or "none"
        checks += (f"anomalies: {words}, by {_execution(anomalies)}",)
    return Node(
        f"images: {data['uri']}",
        (
            f"by {_execution(data)}",
            f"source: {_source(data)}",
            f"fingerprint: {data['fingerprint']}",
            f"licence: {data['licence'] or _GONE}",
            *(splits or (_GONE,)),
            *(() if data["rejected"] is None else (f"rejected: {data['rejected']:,}",)),
            *checks,
        ),
    )


def _source(data: Record) -> str:
    """The kind of the source and the folder, data set or what else it is."""
    config = PrepareDataConfig(**data["settings"])
    return f"{config.source} {source_class(config.source).describe(config)}"


def _evaluation(evaluation: Record | None) -> Node | None:
    if evaluation is None:
        return None
    before = evaluation["baseline_figures"] or {}
    metrics = [
        f"{name} {value:.4g}" + (f" (before: {before[name]:.4g})" if name in before else "")
        for name, value in (evaluation["figures"] or {}).items()
    ]
    thresholds = [
        f"{name} {value}" for name, value in evaluation["thresholds"].items() if value is not None
    ]
    baseline = evaluation["baseline"]
    return Node(
        f"evaluation: {_judgement(evaluation)}",
        (
            f"by {_execution(evaluation)}",
            *(metrics or (_GONE,)),
            f"thresholds: {', '.join(thresholds)}",
            f"compared with: {_other(baseline) if baseline else 'no model, for there was none'}",
            *(evaluation["notes"] or ()),
        ),
    )


def _infrastructure(infrastructure: Record | None) -> Node | None:
    if infrastructure is None:
        return None
    return Node(
        f"infrastructure: {_judgement(infrastructure)}", (f"by {_execution(infrastructure)}",)
    )


def _judgement(record: Record) -> str:
    return "blessed" if record["blessed"] else "not blessed"


def _other(model: Record) -> str:
    versions = ", ".join(model["versions"])
    return f"model {model['number']}, {f'version {versions}' if versions else 'never pushed'}"


def _execution(record: dict[str, Any]) -> str:
    state = "" if record["state"] == "COMPLETE" else f" {record['state'].lower()}"
    return (
        f"{record['node']} (execution {record['execution']}{state}), {record['started']}, "
        f"{record['seconds']:.1f} s"
    )
