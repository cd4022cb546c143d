"""Work on several things at a time, with the results in the calling thread."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yields work(item) for every item, in the order in which they are done.

    Leaving the loop early, by an exception or Ctrl-C, lets no further work begin and does not
    wait for what is under way. Only a few results are held at once.

    Args:
      work: called in other threads; its exceptions are raised here.
      items: taken one by one, when there is a thread for the next.
      threads: how many are worked on at once.
    """
    results: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=threads)
    remaining = iter(items)
    lock = threading.Lock()
    stopped = threading.Event()  # nobody waits for results any more
    failed = threading.Event()  # no further work begins

    def put(kind: str, value: Any = None) -> None:
        while not stopped.is_set():
            try:
                return results.put((kind, value), timeout=0.1)
            except queue.Full:
                continue

    def run() -> None:
        try:
            while not (stopped.is_set() or failed.is_set()):
                with lock:
                    try:
                        item = next(remaining)
                    except StopIteration:
                        break
                put("result", work(item))
            put("end")
        except BaseException as error:  # for the calling thread, whatever it is
            failed.set()  # before it waits for room among the results
            put("error", error)

    # Daemons, so that Ctrl-C does not wait for answers on the way.
    workers = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        running = threads
        while running:
            kind, value = results.get()
            if kind == "error":
                raise value
            if kind == "end":
                running -= 1
            else:
                yield value
    finally:
        stopped.set()
