"""Who may import whom, part by part."""

import ast
import dataclasses

from stargan_tf.algorithms import registry
from tests.source_tree import file_of, imports, is_main, python_files, tree

# Each part with the parts it may import, beside itself. What stands to the right in
#   config, types ... <- models | losses | data <- algorithms <- training ... <- mains <- pipeline
# may import what stands to the left.
BASE = {
    "bars",
    "checksums",
    "compat",
    "config",
    "errors",
    "files",
    "labels",
    "locks",
    "names",
    "process_memory",
    "shapes",
    "shell",
    "types",
}
MAY_IMPORT = {
    "compat": set(),
    "errors": set(),
    "bars": set(),
    "checksums": set(),
    "shell": set(),
    "files": {"errors"},
    "locks": {"errors"},
    "names": {"errors"},
    "labels": {"names"},
    "process_memory": set(),
    "types": set(),
    "shapes": set(),
    "native_output": set(),
    "flags": {"errors", "native_output"},
    "config": {"types", "errors"},
    "losses": BASE,
    "models": BASE,
    "data": BASE,
    "weights": {"errors", "files"},
    "algorithms": BASE | {"models", "losses", "weights"},
    "training": BASE | {"models", "algorithms"},
    "sampling": BASE | {"data", "algorithms"},
    "evaluation": BASE | {"data", "algorithms", "sampling", "weights"},
    "faces": BASE | {"models", "data", "algorithms", "sampling", "native_output"},
    "serving": BASE | {"models", "data", "algorithms", "native_output"},
    # Serves any SavedModel, and knows nothing of StarGAN.
    "devserver": {"config", "errors", "files"},
    # Measures all that takes time.
    "benchmarking": BASE | {"models", "data", "algorithms", "training", "serving"},
    # Chooses between two ways to load networks.
    "loading": BASE | {"models", "algorithms", "training", "serving"},
    # Published checkpoints in and out: both know training and the files.
    "release_networks": BASE | {"algorithms", "weights"},
    "release_optimizers": BASE | {"algorithms", "training", "weights"},
    "to_release": BASE | {"algorithms", "training", "weights", "release_optimizers"},
    "from_release": BASE
    | {"algorithms", "training", "weights", "release_networks", "release_optimizers"},
    # Runs of several algorithms, started as commands and shown beside each other.
    "comparison": BASE | {"flags", "data", "algorithms", "sampling", "evaluation", "loading"},
    # A whole run, wired up for whoever starts one: the train command and the pipeline.
    "training_run": BASE | {"data", "algorithms", "training", "sampling", "evaluation"},
}
# (file, module) that may differ: tables of names and texts, which import nothing.
MAY_DIFFER = {
    ("stargan_tf/config/measuring.py", "stargan_tf.evaluation.features.names"),
    ("stargan_tf/config/measuring.py", "stargan_tf.evaluation.perceptual.names"),
}
PRODUCT = python_files("stargan_tf", "pipeline")
FILES = python_files("stargan_tf", "pipeline", "tests")
STARGAN_TF = python_files("stargan_tf")
MAINS = [file for file in PRODUCT if is_main(file)]


def part_of(module: str) -> str:
    """config for stargan_tf.config.train, '' for stargan_tf itself."""
    return (module.split(".") + [""])[1]


def module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def uses(file: str, *names: str) -> list[str]:
    """The imports of a file that lie in some modules, as `file:line imports name`."""
    return [
        f"{file}:{i.line} imports {i.name}"
        for i in imports(file)
        if any((i.name + ".").startswith(name + ".") for name in names)
    ]


def attributes(file: str) -> list[tuple[str, int]]:
    """Every attribute that a file reads, with its line."""
    nodes = (node for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute))
    return [(node.attr, node.lineno) for node in nodes]


def test_parts_import_only_what_lies_beneath():
    wrong = []
    for file in STARGAN_TF:
        part = part_of(module_of(file))
        if file in MAINS or not part:
            continue
        assert part in MAY_IMPORT, f"{file}: say in MAY_IMPORT what stargan_tf/{part} may import"
        wrong += [
            f"{file}:{i.line} imports {i.name}; {part} may import {sorted(MAY_IMPORT[part])}"
            for i in imports(file)
            if i.top == "stargan_tf"
            and part_of(i.module) not in MAY_IMPORT[part] | {part, ""}
            and (file, i.module) not in MAY_DIFFER
        ]
    assert not wrong, "\n".join(wrong)


def test_tables_that_any_part_may_import_import_nothing_else():
    tables = {module for _, module in MAY_DIFFER}
    for module in tables:
        assert {i.module for i in imports(file_of(module))} <= tables
        packages = module.split(".")[:-1]
        for depth in range(len(packages)):
            assert not imports(f"{'/'.join(packages[: depth + 1])}/__init__.py")


def test_only_the_wiring_names_an_algorithm():
    """Its package is found by name; what it computes is named nowhere else."""
    packages = [f"stargan_tf.algorithms.{name}" for name in registry.NAMES]
    # models/ and losses/ hold bricks, which may be called what they are.
    inside = ("stargan_tf/algorithms/", "stargan_tf/models/", "stargan_tf/losses/")
    outside = [file for file in PRODUCT if not file.startswith(inside)]
    wrong = [use for file in outside for use in uses(file, *packages)]
    wrong += [
        f"{file} names {name}"
        for file in outside
        for name in sorted(_NAMES_OF_ALGORITHMS & {*_strings(file), *_attribute_names(file)})
    ]
    assert not wrong, "\n".join(wrong)


# Networks by the keys of `Algorithm.build`, losses and schedules by their log keys.
_NAMES_OF_ALGORITHMS = {
    *("generator", "mapping_network", "style_encoder", "discriminator"),
    *("domain_styles", "latent_encoder", "D/reg", "G/cyc", "G/sty"),
    *(f"{update}_{loss}" for update in ("D/latent", "D/ref") for loss in ("real", "fake", "reg")),
    *(f"G/{s}_{loss}" for s in ("latent", "ref") for loss in ("adv", "sty", "ds", "cyc")),
    *("lambda_reg", "lambda_sty", "lambda_ds", "lambda_cyc", "r1_every", "fused_passes"),
    *(f"D/{loss}" for loss in ("real", "cls", "fake", "gp", "fake_same", "gp_same")),
    *(f"G/{loss}" for loss in ("adv", "cls", "rec", "adv_same", "cls_same", "rec_same", "id")),
    *("lambda_cls", "lambda_rec", "lambda_gp", "lambda_id", "n_critic", "same_domain"),
}
_SMALL = {
    "stargan_v2": {"base_channels": 4, "max_conv_dim": 8},
    "stargan": {"g_conv_dim": 4, "d_conv_dim": 4, "d_repeat_num": 2},
    "ablation.multi_task": {"g_conv_dim": 4, "d_conv_dim": 4, "d_repeat_num": 2},
    "ablation.domain_styles": {"base_channels": 4, "max_conv_dim": 8},
    "ablation.latent_codes": {"base_channels": 4, "max_conv_dim": 8},
}


def test_the_names_of_algorithms_are_those_of_the_packages():
    """So that a new network or loss cannot escape the test above."""
    for name in registry.NAMES:
        settings = registry.settings_class(name)(algorithm=name, img_size=32, **_SMALL[name])
        algorithm = registry.make_algorithm(settings, 2)
        assert {*algorithm.build()} <= _NAMES_OF_ALGORITHMS
        assert {*algorithm.bar_losses.values()} <= _NAMES_OF_ALGORITHMS
        weights = {f.name for f in dataclasses.fields(settings) if f.name.startswith("lambda_")}
        assert weights <= _NAMES_OF_ALGORITHMS


def _strings(file: str) -> set[str]:
    nodes = (node for node in ast.walk(tree(file)) if isinstance(node, ast.Constant))
    return {node.value for node in nodes if isinstance(node.value, str)}


def _attribute_names(file: str) -> set[str]:
    return {name for name, _ in attributes(file)}


def test_the_version_costs_no_import():
    assert not imports("stargan_tf/__init__.py")
    assert not imports("pipeline/__init__.py")


def test_nothing_imports_a_main_and_the_product_no_tests():
    mains = {module_of(main) for main in MAINS}
    wrong = [use for file in PRODUCT for use in uses(file, "tests", *mains - {module_of(file)})]
    assert not wrong, "\n".join(wrong)


def test_stargan_tf_knows_no_pipeline():
    strangers = ("pipeline", "tfx", "ml_metadata", "kfp")
    wrong = [use for file in STARGAN_TF for use in uses(file, *strangers)]
    assert not wrong, "\n".join(wrong)


def test_the_serving_client_stands_alone():
    allowed = {"google", "grpc", "requests", "PIL", "stargan_tf"}
    files = python_files("stargan_tf/serving/client")
    wrong = [i.name for file in files for i in imports(file) if i.top not in allowed]
    wrong += [
        i.name
        for file in files
        for i in imports(file)
        if i.top == "stargan_tf" and not i.module.startswith("stargan_tf.serving.client")
    ]
    assert files and not wrong


def test_only_flags_and_the_mains_touch_absl_flags():
    allowed = {"stargan_tf/flags.py", *MAINS}
    wrong = [use for file in PRODUCT if file not in allowed for use in uses(file, "absl.flags")]
    assert not wrong, "\n".join(wrong)


def test_models_and_losses_know_no_optimizers_strategies_or_flags():
    strangers = {"distribute", "optimizers", "flags", "FLAGS"}
    wrong = []
    for file in python_files("stargan_tf/models", "stargan_tf/losses"):
        wrong += [
            f"{file}:{line} uses .{name}" for name, line in attributes(file) if name in strangers
        ]
        wrong += uses(file, "absl", "keras.optimizers", "tensorflow.keras.optimizers")
    assert not wrong, "\n".join(wrong)


def test_losses_take_tensors():
    files = python_files("stargan_tf/losses")
    strangers = {i.top for file in files for i in imports(file)} - {"tensorflow", "stargan_tf"}
    assert not strangers


def test_only_the_onnx_format_imports_its_packages():
    """All else works without them."""
    packages = ("onnx", "onnxruntime", "tf2onnx")
    files = [file for file in PRODUCT if not file.startswith("stargan_tf/serving/onnx/")]
    wrong = [use for file in files for use in uses(file, *packages)]
    assert not wrong, "\n".join(wrong)


def test_packages_of_one_lane_are_not_needed():
    """tensorflow-addons and tensorflow-gan ended with TensorFlow 2.15: only tests use them."""
    ended = ("tensorflow_addons", "tensorflow_gan")
    wrong = [use for file in PRODUCT for use in uses(file, *ended)]
    assert not wrong, "\n".join(wrong)


def test_one_module_knows_which_keras_is_meant():
    kerases = ("keras", "tf_keras", "tensorflow.keras")
    others = [file for file in FILES if file != "stargan_tf/compat.py"]
    wrong = [use for file in others for use in uses(file, *kerases)]
    wrong += [
        f"{file} uses tf.keras, expected keras of stargan_tf.compat"
        for file in others
        if "keras" in {name for name, _ in attributes(file)}
    ]
    assert not wrong, "\n".join(wrong)
