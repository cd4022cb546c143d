"""pipeline/deploy/: held to our flags, to the lock file and to the operator's schema."""

import copy
import json
import re
import shlex

import jsonschema
import pytest
import yaml

from pipeline.availability import Machine, can_have_tfx
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.cluster import Cluster, read_cluster
from stargan_tf.errors import TemporaryError, UserError
from stargan_tf.flags import read_flagfile
from tests.source_tree import ROOT, file_of, is_main

FOLDER = ROOT / "pipeline" / "deploy"
SCHEMA = json.loads((ROOT / "tests/pipeline/tfjob.schema.json").read_text())
JOB = yaml.safe_load((FOLDER / "tfjob.yaml").read_text())
VOLUME = yaml.safe_load((FOLDER / "volume.yaml").read_text())
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
README = (FOLDER / "README.md").read_text()
SCALING = (ROOT / "docs" / "scaling.md").read_text()
REQUIREMENTS = "requirements-pipeline-modern.txt"
ROLES = JOB["spec"]["tfReplicaSpecs"]
PODS = {name: role["template"]["spec"] for name, role in ROLES.items()}
CHIEF = PODS["Chief"]["containers"][0]


def instructions(name):
    """The arguments of every such line of the Dockerfile."""
    text = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)


@pytest.fixture
def config(tmp_path, monkeypatch):
    """What the chief's flags say."""
    monkeypatch.chdir(ROOT)  # the image's working directory holds the same
    flagfile = tmp_path / "flags"
    flagfile.write_text("\n".join(CHIEF["args"][1:]))
    return read_flagfile(StarGANv2Settings, str(flagfile))


def test_the_job_fits_the_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(JOB, SCHEMA)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda job: job["spec"].update(cleanPodPolicy="Running"),  # belongs into runPolicy
        lambda job: job["spec"]["runPolicy"].update(cleanPodPolicy="Sometimes"),
        lambda job: job["spec"]["tfReplicaSpecs"]["Chief"].update(replicas=2),
        lambda job: job["spec"]["tfReplicaSpecs"]["Worker"].update(restartPolicy="onFailure"),
        lambda job: job["spec"]["tfReplicaSpecs"]["Worker"].pop("template"),
        lambda job: _container(job).update(name="training"),
        lambda job: _container(job).pop("image"),
        lambda job: _container(job)["resources"]["limits"].update(memory="32 GB"),
    ],
)
def test_the_schema_finds_mistakes(spoil):
    job = copy.deepcopy(JOB)
    spoil(job)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(job, SCHEMA)


def _container(job):
    return job["spec"]["tfReplicaSpecs"]["Chief"]["template"]["spec"]["containers"][0]


def test_all_processes_are_alike():
    assert PODS["Chief"] == PODS["Worker"]
    assert ROLES["Chief"]["restartPolicy"] == ROLES["Worker"]["restartPolicy"]


def test_every_flag_is_one_of_ours_and_the_settings_are_sound(config):
    assert is_main(file_of(CHIEF["args"][0]))
    config.validate()
    assert config.multi_worker
    assert config.img_size == 256  # of the flagfile


def test_the_batch_can_be_split_over_all_processes(config):
    processes = sum(role["replicas"] for role in ROLES.values())
    gpus = processes * int(CHIEF["resources"]["limits"]["nvidia.com/gpu"])
    assert config.batch_size % gpus == 0
    assert JOB["spec"]["runPolicy"]["schedulingPolicy"]["minAvailable"] == processes


def test_data_and_run_lie_on_the_shared_disk(config):
    (mount,) = (m["mountPath"] for m in CHIEF["volumeMounts"] if m["name"] == "shared")
    assert config.data_dir.startswith(mount + "/") and config.run_dir.startswith(mount + "/")
    volumes = {volume["name"]: volume for volume in PODS["Chief"]["volumes"]}
    assert set(volumes) == {m["name"] for m in CHIEF["volumeMounts"]}
    claim = volumes["shared"]["persistentVolumeClaim"]["claimName"]
    assert claim == VOLUME["metadata"]["name"]
    assert VOLUME["spec"]["accessModes"] == ["ReadWriteMany"]


def test_statuses_mean_to_the_operator_what_they_should():
    """With ExitCode, it starts processes again from 128 up, and gives the job up below."""
    assert ROLES["Chief"]["restartPolicy"] == "ExitCode"
    assert TemporaryError.exit_status >= 128 > UserError.exit_status > 0


def test_the_image_has_what_the_job_starts():
    assert instructions("ENTRYPOINT") == ['["python", "-m"]']
    assert "command" not in CHIEF
    assert CHIEF["image"] in DOCKERFILE and CHIEF["image"] in README
    copied = [line.split() for line in instructions("COPY") if not line.startswith("--from")]
    assert {source for source, _ in copied} == {REQUIREMENTS, "stargan_tf", "pipeline"}
    assert all((ROOT / source).exists() for source, _ in copied)


def test_the_image_has_the_locked_versions():
    images = [image.split(" ")[0] for image in instructions("FROM")]
    assert images == ["python:3.13-slim-trixie"] * 2  # the packages run where they were made
    (uv,) = set(re.findall(r"uv==[\d.]+", DOCKERFILE))
    assert f"UV={uv}\n" in (ROOT / "scripts/setup.sh").read_text()
    assert f"--no-deps --compile-bytecode -r {REQUIREMENTS}" in _words("RUN")
    (tensorflow,) = re.findall(r"tensorflow\[and-cuda\]==([\d.]+)", DOCKERFILE)
    assert f"\ntensorflow=={tensorflow}\n" in (ROOT / REQUIREMENTS).read_text()


def test_the_image_can_have_tfx():
    """Debian 13, called trixie, has glibc 2.41."""
    assert can_have_tfx(Machine((3, 13), (2, 41), has_tfx=False))


def _words(name):
    return " ".join(" ".join(instructions(name)).split())


def test_the_readmes_commands_name_files_that_exist():
    commands = re.findall(r"^(?:docker|kubectl) .*$", README, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        words = shlex.split(command)
        for option, value in zip(words, words[1:], strict=False):
            if option == "-f" and "/" in value:
                assert (ROOT / value).is_file()


def test_the_command_for_several_machines_is_right(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    (block,) = (b for b in re.findall(r"```sh\n(.*?)```", SCALING, re.DOTALL) if "TF_CONFIG" in b)
    setting, command = block.replace("\\\n", " ").splitlines()
    name, _, value = shlex.split(setting)[1].partition("=")
    monkeypatch.setenv(name, value)
    assert read_cluster(multi_worker=True) == Cluster(("10.0.0.1:2222", "10.0.0.2:2222"), 0)
    flagfile = tmp_path / "flags"
    flagfile.write_text("\n".join(shlex.split(command)[3:]))
    config = read_flagfile(StarGANv2Settings, str(flagfile))
    config.validate()
    assert config.multi_worker
