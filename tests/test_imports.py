"""Who may import whom, part by part."""

import ast

import pytest

from tests.source_tree import file_of, imports, is_main, python_files, tree

# Each part with the parts it may import, beside itself. What stands to the right in
#   config, types, shapes, errors <- models | losses | data <- training ... <- mains <- pipeline
# may import what stands to the left.
BASE = {"config", "types", "errors", "shapes"}
MAY_IMPORT = {
    "errors": set(),
    "types": set(),
    "shapes": set(),
    "flags": {"errors"},
    "config": {"types", "errors"},
    "losses": BASE,
    "models": BASE,
    "data": BASE,
    "training": BASE | {"models", "losses"},
    "sampling": BASE | {"models", "data"},
    "evaluation": BASE | {"models", "losses", "data"},
    "serving": BASE | {"models", "data"},
    # Chooses between two ways to load networks.
    "trained_model": BASE | {"models", "training", "serving"},
    # A whole run, wired up for whoever starts one: the train command and the pipeline.
    "training_run": BASE | {"data", "training", "sampling", "evaluation"},
}
# (file, module) that may differ: tables of names and texts, which import nothing.
MAY_DIFFER = {
    ("stargan_tf/config/measuring.py", "stargan_tf.evaluation.features.names"),
    ("stargan_tf/config/measuring.py", "stargan_tf.evaluation.perceptual.names"),
}
PRODUCT = python_files("stargan_tf", "pipeline")
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


@pytest.mark.parametrize("package", ["tensorflow_addons", "tensorflow_gan"])
def test_packages_that_ended_are_imported_in_one_place(package):
    files = [file for file in PRODUCT if uses(file, package)]
    assert len(files) <= 1, f"{package} can be replaced in one place only if one file imports it"
