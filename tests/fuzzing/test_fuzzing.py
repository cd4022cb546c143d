"""A few hundred damaged inputs; and whether what looks at them would see a fault."""

import json
import random
import subprocess
import sys

import pytest

from stargan_tf.data import shards
from tests.data import makers
from tests.fuzzing import targets
from tests.fuzzing.faulty import Sound
from tests.fuzzing.json_mutator import damage_json
from tests.fuzzing.mutator import damage, damage_png, damage_records, tfrecord
from tests.fuzzing.runner import run

CASES = 300


@pytest.mark.slow
def test_damaged_input_is_rejected_in_a_sentence_or_does_no_harm():
    """`python -m tests.fuzzing` runs more, and shows a case again with --only."""
    result = run(CASES, seed=1, names=[*targets.TARGETS])
    assert [f"{f.case}: {f.kind}\n{f.text}" for f in result.failures] == []
    assert sum(count.total() for count in result.counts.values()) == CASES
    for name, count in result.counts.items():
        assert count.total() >= 3, name


def outcomes(*names, cases=5, seconds=5.0):
    """The kinds of failures by case, of targets that go wrong on purpose."""
    places = [f"tests.fuzzing.faulty:{name}" for name in names]
    result = run(cases * len(names), seed=0, names=places, seconds=seconds)
    assert all(count.total() == cases for count in result.counts.values())
    return {f.case.partition(":")[2]: f.kind for f in result.failures}


# What is wrong with one case, and all others are as they should be.
KINDS = {
    "Crash": "crash",
    "Exit": "crash",
    "Memory": "memory",
    "Traceback": "traceback",
    "Wrong": "traceback",
    "Silent": "no sentence",
    "Empty": "empty sentence",
    "Lines": "several lines",
    "Escapes": "control characters",
    "Endless": "endless sentence",
}


def test_each_kind_of_fault_is_noticed_and_told_by_its_case():
    assert outcomes(*KINDS) == {f"{name}:0:{Sound.BAD}": kind for name, kind in KINDS.items()}


def test_where_all_is_well_nothing_is_found():
    assert outcomes("Sound", cases=20) == {}


def test_a_case_that_hangs_is_ended():
    assert outcomes("Hang", cases=1, seconds=1.0) == {"Hang:0:0": "hang"}


def test_a_case_that_was_late_once_has_a_second_try():
    assert outcomes("Late", cases=5, seconds=1.0) == {}


def test_a_target_that_would_show_nothing_is_a_failure():
    assert set(outcomes("Blind", cases=2).values()) == {"valid input rejected"}
    assert set(outcomes("Broken", cases=2).values()) == {"no target"}


def test_a_case_is_made_again_from_its_name():
    command = [sys.executable, "-m", "tests.fuzzing", "--only"]
    case = f"tests.fuzzing.faulty:Traceback:0:{Sound.BAD}"
    first, second = (
        subprocess.run([*command, case], capture_output=True, text=True).stdout for _ in range(2)
    )
    assert first == second and first.startswith("4 bytes: b'")


def chances(count=200):
    return (random.Random(number) for number in range(count))


@pytest.mark.parametrize("change", [damage, damage_png])
def test_damage_follows_from_the_seed_and_changes_most_inputs(change):
    content, other = (makers.encoded(makers.pixels(seed, 8, 8)) for seed in (1, 2))
    first, second = ([change(content, chance, [other]) for chance in chances()] for _ in range(2))
    assert first == second
    assert len(set(first)) > 130
    assert max(map(len, first)) < 2**17


def test_damaged_chunks_have_right_checksums():
    content = makers.encoded(makers.pixels(1, 8, 8))
    for chance in chances():
        changed = damage_png(content, chance)
        place = 8
        while place < len(changed):
            length = int.from_bytes(changed[place : place + 4], "big")
            assert place + 12 + length <= len(changed)
            place += 12 + length


def test_damaged_records_have_right_checksums(tmp_path):
    path = tmp_path / "shard"
    content = tfrecord([b"first" * 9, b"second" * 9])
    found = set()
    for chance in chances():
        path.write_bytes(damage_records(content, chance, damage))
        places, damaged = shards.find_records(str(path))
        assert not damaged
        data = path.read_bytes()
        for offset, length in places.tolist():
            assert shards.is_whole(
                data[offset : offset + length], data[offset + length : offset + length + 4]
            )
        found.add(path.read_bytes())
    assert len(found) > 150


def test_damaged_json_is_json_most_often():
    document = {"name": "x", "numbers": [1, 2.5], "object": {"a": None}, "flag": True}
    first, second = ([damage_json(document, chance) for chance in chances()] for _ in range(2))
    assert first == second
    parsed = []
    for text in first:
        try:
            parsed.append(json.loads(text))
        except (ValueError, RecursionError):
            continue
    assert 130 < len(parsed) < 200
    assert sum(found != document for found in parsed) > 120


def test_cases_are_shared_out():
    shared = targets.shared_out(5000, [*targets.TARGETS])
    assert sum(shared.values()) == 5000 and min(shared.values()) >= 80
