import json

import pytest

from stargan_tf.config.cluster import Cluster, read_cluster
from stargan_tf.errors import UserError

HOSTS = ["a:1", "b.example.com:2", "10.0.0.3:3"]


def tf_config(cluster, kind="worker", index=0, **more):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}, **more})


@pytest.fixture
def read(monkeypatch):
    def read(text, multi_worker=True):
        monkeypatch.setenv("TF_CONFIG", text)
        return read_cluster(multi_worker)

    return read


def test_workers_are_numbered_as_listed(read):
    assert read(tf_config({"worker": HOSTS}, index=2)) == Cluster(tuple(HOSTS), 2)


@pytest.mark.parametrize(("kind", "index", "expected"), [("chief", 0, 0), ("worker", 1, 2)])
def test_the_chief_comes_first(read, kind, index, expected):
    """As a TFJob writes it, with a word of its own."""
    cluster = {"worker": HOSTS[1:], "chief": HOSTS[:1]}
    text = tf_config(cluster, kind, index, environment="cloud")
    assert read(text) == Cluster(tuple(HOSTS), expected)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no object 'cluster'"),
        ('{"cluster": {"worker": ["a:1", "b:2"]}}', "no object 'task'"),
        (tf_config({"worker": HOSTS, "ps": ["d:4"]}), "tasks of type ps"),
        (tf_config({"worker": "a:1"}), "'a:1' for worker, where a list of host:port"),
        (tf_config({"worker": ["a", "b:2"]}), "for worker, where a list of host:port"),
        (tf_config({"chief": ["a:1", "b:2"]}, "chief"), "several chiefs"),
        (tf_config({"worker": ["a:1"]}), "1 of the at least two machines"),
        (tf_config({"worker": ["a:1", "a:1"]}), "one address twice"),
        (tf_config({"worker": HOSTS}, "chief"), "a task of type 'chief', which the cluster has"),
        (tf_config({"worker": HOSTS}, index=3), "index 3, where 0 to 2 exist"),
        (tf_config({"worker": HOSTS}, index="0"), "index '0', where 0 to 2 exist"),
        (tf_config({"worker": HOSTS}, index=-1), "index -1, where 0 to 2 exist"),
    ],
)
def test_what_is_malformed_is_said_in_a_sentence(read, text, what):
    with pytest.raises(UserError, match="Found a TF_CONFIG that cannot be used, with") as error:
        read(text)
    assert what in str(error.value)
    assert '{"cluster": {"worker": ["host0:2222", "host1:2222"]}' in str(error.value)


@pytest.mark.parametrize("text", ["", None])
def test_the_flag_needs_the_variable(read, monkeypatch, text):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UserError, match="--multi_worker but no environment variable TF_CONFIG"):
        read_cluster(True) if text is None else read(text)


def test_the_variable_needs_the_flag(read):
    """Or else each machine would train alone and write into the same folder."""
    with pytest.raises(UserError, match="several machines in TF_CONFIG but no --multi_worker"):
        read(tf_config({"worker": HOSTS}), multi_worker=False)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", tf_config({"worker": ["a:1"]})])
def test_one_process_trains_alone_whatever_else_the_variable_says(read, text):
    assert read(text, multi_worker=False) is None
