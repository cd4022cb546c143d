import json

import pytest

from stargan_tf.comparison.rows import ROWS
from stargan_tf.comparison.runs import ComparedRun
from stargan_tf.comparison.table import table


@pytest.fixture
def runs(tmp_path):
    """A and D with two seeds each, whose metrics are 1 apart."""
    found = []
    for name in ("a", "d"):
        for seed in (1, 2):
            folder = tmp_path / f"{name}_{seed}"
            folder.mkdir()
            mode, base = ROWS[name].mode, 10 * seed + (name == "d")
            values = {
                f"FD_net_{mode}/mean": base,
                "FD_net_source/mean": 40 + (name == "d"),
                "FD_net_real/mean": 3.5,
                "about": {
                    "step": 7,
                    "features": "net",
                    "diversity": "pixels",
                    "outputs": {"cat": 8, "dog": 8},
                },
            }
            if name == "d":
                values["PD_pixels_latent/mean"] = 0.25 * seed
            (folder / "metrics.json").write_text(json.dumps(values))
            found.append(ComparedRun(name, seed, 7, folder, folder))
    return found


def rows_of(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_means_and_each_seed(runs):
    head, rule, a, d, source, real = rows_of(table(runs))
    assert head == ["", "adds", "paper: FID", "LPIPS", "iterations", "FD_net", "PD_pixels"]
    assert set(rule) == {"---"}
    assert a == ["A", "StarGAN", "98.4", "", "7", "15 (10, 20)", ""]
    assert d[2:] == ["32.3", "0.312", "7", "16 (11, 21)", "0.375 (0.25, 0.5)"]
    assert (source[1], source[5]) == ("sources as they are", "40")
    assert (real[1], real[5]) == ("real validation images", "3.5")


def test_one_seed_has_no_brackets(runs):
    text = table([run for run in runs if run.seed == 2])
    assert rows_of(text)[2][5] == "20" and "Seeds: 2.\n" in text and "thin" not in text


def test_what_it_lies_between_is_of_as_many_images_as_the_rows(runs):
    """Rows with latent codes translate half as many sources."""
    text = table([run for run in runs if run.row == "d"])
    assert len(rows_of(text)) == 3


def test_the_notes_say_where_the_papers_figures_come_from(runs):
    text = " ".join(table(runs).split())
    assert "recalled from memory" in text and "another data set (CelebA-HQ" in text
    assert "compares 8 translations of each ordered pair" in text and "is thin" in text
    assert "Seeds: 1, 2. The mean, and in brackets each" in text
