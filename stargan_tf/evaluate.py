r"""Measures how good a training run or an exported model is, by the protocol of the paper.

Every validation image is translated into every other domain, ten times in random styles
and ten times in styles of references; the translations are compared with the training images of
their domain, and with each other:

    python -m stargan_tf.evaluate --run_dir=runs/pets

By default, features are those of EfficientNet-Lite0, whose weights come with the requirements.
The published metrics, FID and LPIPS, need three weights files:

    python -m stargan_tf.evaluate --run_dir=runs/pets --features=inception \
        --inception_weights=inception_v3_google-0cc3c7bd.pth \
        --alexnet_weights=alexnet-owt-7be5be79.pth --lpips_weights=alex.pth

A quick evaluation, on twenty images of each domain and in random styles alone, which goes
into a folder of its own:

    python -m stargan_tf.evaluate --run_dir=runs/pets --modes=latent --max_sources=20

The model that comes with this package, which gives the table in its README.md (there it also says
how its data set is prepared):

    python -m stargan_tf.evaluate --saved_model=saved_models/portraits_64/1 \
        --data_dir=data/portraits

Where labels are attributes, one of them is changed at a time, and the translations are compared
with the training images that have it, or have it not.

How far a translation is from its source is the metric change; change_same is that of sources which
are drawn as what they are, where nothing ought to change. change_MODE.png shows some.

Ctrl-C stops; the same command goes on with the pair of domains it was at.
"""

import signal
from collections.abc import Sequence
from pathlib import Path

from stargan_tf import flags
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.data.schema import INFO_FILE, DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write
from stargan_tf.training.run_dir import RunDir


def main(argv: Sequence[str]) -> None:
    """Checks the settings, measures, prints a table and says where the metrics are."""
    del argv
    config = flags.parse(EvaluateConfig)
    config.validate()
    if config.out:
        check_can_write("out", config.out)
    data_dir = Path(config.data_dir)
    if config.run_dir:  # its mistakes, and those of the data set, should not wait for TensorFlow
        run = RunDir(config.run_dir)
        of_run = run.read().config.data_dir
        if not config.data_dir:
            run.check_data_dir(INFO_FILE)
            data_dir = Path(of_run)
    DatasetInfo.load(data_dir)
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    try:
        # Imported here, so that neither --help nor a mistake waits for TensorFlow.
        from stargan_tf.data import bad_records
        from stargan_tf.evaluation.evaluator import Evaluator
        from stargan_tf.evaluation.measuring import load_measuring_networks
        from stargan_tf.evaluation.results import write_curves
        from stargan_tf.evaluation.results_folder import METRICS_FILE, TABLE_FILE
        from stargan_tf.loading import load_model

        networks = load_measuring_networks(config)
        model = load_model(config.run_dir, config.saved_model)
        print(f"Using {model.origin}.")
        out = config.results_dir(model.step)
        if config.skip_bad_records:
            bad_records.skip(data_dir, out / bad_records.LIST_FILE)
        with bad_records.named(data_dir):
            evaluator = Evaluator(config, data_dir, out, networks)
            results = evaluator.evaluate(model)
        print(
            f"{(out / TABLE_FILE).read_text(encoding='utf-8')}\nEvery metric: {out / METRICS_FILE}"
        )
        logs = RunDir(config.run_dir).logs if config.run_dir else out / "logs"
        write_curves(results, evaluator.images, logs / f"evaluation{config.variant}")
    except KeyboardInterrupt as interrupt:
        raise UserError(
            "Interrupted: run the same command again, and it goes on with the pair of domains "
            "it was at."
        ) from interrupt


if __name__ == "__main__":
    flags.define(EvaluateConfig)
    flags.run(main)
