"""What a process and a folder take, over time."""

import os
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path

Reading = dict[str, float]


def process(pid: int) -> Reading:
    """Memory in MiB, open files and threads of a process of Linux."""
    folder = Path(f"/proc/{pid}")
    pages = int((folder / "statm").read_text().split()[1])
    return {
        "memory": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        "files": float(len(os.listdir(folder / "fd"))),
        "threads": float(len(os.listdir(folder / "task"))),
    }


def folder(path: Path) -> Reading:
    """MiB of a folder, and how many files it holds."""
    sizes = []
    for file in path.rglob("*"):
        try:
            sizes.append(file.stat().st_size if file.is_file() else None)
        except FileNotFoundError:  # it was renamed or removed meanwhile
            continue
    found = [size for size in sizes if size is not None]
    return {"disk": sum(found) / 2**20, "files on disk": float(len(found))}


class Watch:
    """Readings of several things, taken again and again."""

    def __init__(self, things: Mapping[str, Callable[[], Reading]]) -> None:
        """Takes functions that read, by the names that the table shows."""
        self._things = things
        self.series: dict[str, list[float]] = {}

    def read(self) -> None:
        """Takes a reading of everything."""
        for name, thing in self._things.items():
            for what, value in thing().items():
                self.series.setdefault(f"{name}: {what}", []).append(value)

    def growth(self) -> dict[str, tuple[float, float]]:
        """Medians of the second and of the last fifth: the first one is the warm-up."""
        result = {}
        for name, values in self.series.items():
            fifth = max(1, len(values) // 5)
            early = statistics.median(values[fifth : 2 * fifth] or values)
            result[name] = (early, statistics.median(values[-fifth:]))
        return result

    def table(self) -> str:
        """The growth, a line each."""
        lines = [f"{'':32}{'after warm-up':>14}{'at the end':>12}"]
        lines += [f"{name:32}{a:14.1f}{b:12.1f}" for name, (a, b) in self.growth().items()]
        return "\n".join(lines)
