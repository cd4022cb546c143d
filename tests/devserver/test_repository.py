"""Versions appear, take over, fail and leave."""

import threading
import weakref

import grpc
import pytest
from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus

from stargan_tf.devserver.discovery import ModelSettings, find_models
from stargan_tf.devserver.errors import ServingError
from stargan_tf.devserver.repository import Repository, Target
from stargan_tf.errors import UserError
from tests.devserver.fakes import FakeServable
from tests.waiting import until


class Broken(Exception):
    pass


class Fixture:
    """A repository of a folder, with versions that are broken as long as they hold `broken`."""

    def __init__(self, root, **model):
        self.root = root
        self.reports = []
        self.loaded = []
        self.refs = []
        self.during_load = lambda number: None
        settings = [ModelSettings("m", root / "m", **model)]
        (root / "m").mkdir()
        self.repository = Repository(lambda: settings, load=self.load, report=self.reports.append)

    def load(self, name, number, path):
        self.loaded.append(number)
        self.during_load(number)
        if (path / "broken").exists():
            raise Broken("it is broken")
        servable = FakeServable(name, number, path)
        servable.itself = servable  # graphs refer to themselves too
        self.refs.append(weakref.ref(servable))
        return servable

    def add(self, number, broken=False):
        path = self.root / "m" / str(number)
        path.mkdir()
        if broken:
            (path / "broken").write_text("yes")

    def poll(self):
        self.repository.poll()
        return self

    def states(self):
        return {
            entry.version: ModelVersionStatus.State.Name(entry.state)
            for entry in self.repository.status(Target("m")).model_version_status
        }

    def serves(self, **which):
        with self.repository.lease(Target("m", **which)) as servable:
            return servable.version

    def refusal(self, **which):
        with pytest.raises(ServingError) as caught:
            self.serves(**which)
        return caught.value


@pytest.fixture
def make(tmp_path):
    return lambda **model: Fixture(tmp_path, **model)


def test_the_newest_version_serves(make):
    models = make()
    models.add(1)
    models.add(3)
    models.poll()
    assert models.serves() == 3
    assert models.states() == {3: "AVAILABLE"}
    assert models.loaded == [3]
    assert "m version 3" in models.reports[0] and "loaded" in models.reports[0]


def test_a_new_version_takes_over_only_when_it_is_ready(make):
    models = make()
    models.add(1)
    models.poll()
    models.add(2)
    seen = []
    models.during_load = lambda number: seen.append((models.serves(), models.states()))
    models.poll()
    assert seen == [(1, {2: "LOADING", 1: "AVAILABLE"})]
    assert models.serves() == 2
    assert models.states() == {2: "AVAILABLE", 1: "END"}
    assert models.refs[0]() is None, "the old version is still in memory"
    assert list(models.states()) == [2, 1], "the newest comes first"


def test_versions_wait_in_start_until_their_turn(make):
    models = make(latest=0)
    models.add(1)
    models.add(2)
    seen = []
    models.during_load = lambda number: seen.append(models.states())
    models.poll()
    assert seen == [{2: "START", 1: "LOADING"}, {2: "LOADING", 1: "AVAILABLE"}]


def test_a_version_in_use_is_unloaded_after_its_last_request(make):
    models = make()
    models.add(1)
    models.poll()
    with models.repository.lease(Target("m")) as servable:
        models.add(2)
        models.poll().poll()
        assert models.states() == {2: "AVAILABLE", 1: "UNLOADING"}
        assert models.refs[0]() is servable
        assert models.serves() == 2
        assert models.refusal(version=1).code is grpc.StatusCode.NOT_FOUND
    del servable
    models.poll()
    assert models.states()[1] == "END"
    assert models.refs[0]() is None


def test_a_version_that_is_wanted_again_while_it_leaves_stays(make):
    models = make()
    models.add(1)
    models.poll()
    with models.repository.lease(Target("m")):
        models.add(2)
        models.poll()
        assert models.states() == {2: "AVAILABLE", 1: "UNLOADING"}
        (models.root / "m" / "2").rmdir()
        models.poll()
        assert models.serves() == 1
    models.poll()
    assert models.states() == {2: "END", 1: "AVAILABLE"}
    assert models.loaded == [1, 2]


def test_a_failed_request_returns_what_it_was_lent(make):
    models = make()
    models.add(1)
    models.poll()
    with pytest.raises(KeyError):
        with models.repository.lease(Target("m")):
            raise KeyError
    models.add(2)
    models.poll()
    assert models.states()[1] == "END"


def test_a_broken_version_is_reported_and_the_old_one_keeps_serving(make):
    models = make()
    models.add(1)
    models.poll()
    models.add(2, broken=True)
    models.poll().poll().poll()
    assert models.serves() == 1
    assert models.states() == {2: "END", 1: "AVAILABLE"}
    assert models.loaded == [1, 2], "it is not tried again while it is there"
    (entry,) = models.repository.status(Target("m", 2)).model_version_status
    assert "it is broken" in entry.status.error_message
    assert entry.status.error_code == grpc.StatusCode.INTERNAL.value[0]
    assert sum("warning: m version 2 failed" in line for line in models.reports) == 1

    (models.root / "m" / "2").rename(models.root / "away")
    models.poll()
    (models.root / "away" / "broken").unlink()
    (models.root / "away").rename(models.root / "m" / "2")
    models.poll()
    assert models.serves() == 2
    assert models.states() == {2: "AVAILABLE", 1: "END"}


def test_a_version_that_was_still_being_copied_is_tried_again(make):
    models = make()
    models.add(1)
    models.poll()
    models.add(2, broken=True)
    models.poll()
    assert models.serves() == 1
    (models.root / "m" / "2" / "broken").unlink()  # as its last file comes
    (models.root / "m" / "2" / "saved_model.pb").write_bytes(b"whole")
    models.poll()
    assert models.serves() == 2
    assert models.states() == {2: "AVAILABLE", 1: "END"}


def test_a_broken_version_does_not_take_the_place_of_an_older_one(make):
    models = make(latest=2)
    models.add(1)
    models.add(2)
    models.poll()
    models.add(3, broken=True)
    models.poll()
    assert models.states() == {3: "END", 2: "AVAILABLE", 1: "AVAILABLE"}


def test_a_version_that_vanished_is_unloaded_whatever_else_fails(make):
    models = make(latest=3)
    for number in (1, 2, 3):
        models.add(number, broken=number == 3)
    models.poll()
    (models.root / "m" / "1").rmdir()
    models.poll()
    assert models.states() == {3: "END", 2: "AVAILABLE", 1: "END"}


def test_latest_two(make):
    models = make(latest=2)
    for number in (1, 2, 3):
        models.add(number)
        models.poll()
    assert models.states() == {3: "AVAILABLE", 2: "AVAILABLE", 1: "END"}
    assert models.serves() == 3 and models.serves(version=2) == 2


def test_a_version_that_vanished_is_unloaded_and_may_come_back(make):
    models = make()
    models.add(1)
    models.poll()
    path = models.root / "m" / "1"
    path.rename(models.root / "away")
    models.poll()
    assert models.states() == {1: "END"}
    refusal = models.refusal()
    assert refusal.code is grpc.StatusCode.NOT_FOUND
    assert "not available" in str(refusal) and "1 is END" in str(refusal)
    (models.root / "away").rename(path)
    assert models.poll().serves() == 1


def test_a_model_whose_folder_cannot_be_read_keeps_serving(make):
    models = make()
    models.add(1)
    models.poll()
    (models.root / "m").rename(models.root / "away")
    models.poll().poll()
    assert models.serves() == 1
    assert sum("cannot be read" in line for line in models.reports) == 1, "said once"


def test_labels(make):
    models = make(latest=2, labels={"stable": 1, "next": 2, "lost": 7})
    models.add(1)
    models.add(2)
    models.poll()
    assert models.serves(label="stable") == 1
    assert models.serves(label="next") == 2
    assert models.refusal(label="lost").code is grpc.StatusCode.NOT_FOUND
    unknown = models.refusal(label="other")
    assert unknown.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "lost, next, stable" in str(unknown)
    (entry,) = models.repository.status(Target("m", label="stable")).model_version_status
    assert entry.version == 1


def test_what_is_not_there(make):
    models = make()
    models.add(1)
    models.poll()
    for act in (
        lambda: models.serves(version=2),
        lambda: models.repository.status(Target("m", 2)),
        lambda: models.repository.status(Target("n")),
        lambda: models.repository.lease(Target("n")).__enter__(),
    ):
        with pytest.raises(ServingError) as caught:
            act()
        assert caught.value.code is grpc.StatusCode.NOT_FOUND
        assert "expected" in str(caught.value)


def test_a_model_without_versions_is_not_offered(make):
    models = make()
    models.repository.poll()
    with pytest.raises(ServingError, match="no model named 'm', expected one of: none"):
        models.repository.status(Target("m"))


def test_models_come_and_go(tmp_path):
    loads = []
    models = Repository(
        lambda: find_models(tmp_path),
        load=lambda *what: loads.append(what) or FakeServable(*what),
        report=lambda line: None,
    )
    (tmp_path / "a" / "1").mkdir(parents=True)
    models.poll()
    (tmp_path / "b" / "1").mkdir(parents=True)
    models.poll()
    assert models.available() == {"a": [1], "b": [1]}
    (tmp_path / "a" / "1").rmdir()
    models.poll()
    models.poll()
    assert models.available() == {"b": [1]}
    assert len(loads) == 2


@pytest.mark.parametrize("problem", [OSError("no folder"), UserError("a bad file")])
def test_models_stay_when_they_cannot_be_listed(tmp_path, problem):
    (tmp_path / "a" / "1").mkdir(parents=True)
    problems, reports = [], []

    def find():
        if problems:
            raise problems[0]
        return find_models(tmp_path)

    models = Repository(find, load=FakeServable, report=reports.append)
    models.poll()
    problems.append(problem)
    models.poll()
    models.poll()
    assert models.available() == {"a": [1]}
    assert sum(str(problem) in line for line in reports) == 1
    problems.clear()
    models.poll()
    problems.append(problem)
    models.poll()
    assert sum(str(problem) in line for line in reports) == 2, "it is news again"


@pytest.mark.slow
def test_versions_that_ended_are_out_of_memory(make):
    models = make()
    for number in range(1, 10):
        models.add(number)
        models.poll()
    assert sum(ref() is not None for ref in models.refs) == 1


@pytest.mark.slow
def test_no_request_fails_while_versions_change_in_the_background(make):
    models = make()
    models.add(1)
    models.repository.start(0.001)
    stop, errors, seen = threading.Event(), [], set()

    def ask():
        while not stop.is_set():
            try:
                with models.repository.lease(Target("m")) as servable:
                    seen.add(servable.version)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(2, 7):
        models.add(number)
        until(lambda number=number: number in seen)
    stop.set()
    for thread in threads:
        thread.join()
    models.repository.stop()
    assert not errors
    assert seen == set(range(1, 7))
