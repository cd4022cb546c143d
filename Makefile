# Everything a newcomer runs. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := uv==0.13.9
STAMP := $(VENV)/.installed

# Resolve as of this day, so that the set of versions stays coherent. What draws the
# portraits is younger, and so are ruff, ai-edge-litert and waitress (for its security fixes).
LOCK_DATE := 2024-10-03
YOUNGER := dicebear-core dicebear-styles dicebear-schema resvg-py ruff ai-edge-litert waitress
YOUNGER_DATE := 2026-11-01

.DEFAULT_GOAL := help
.PHONY: help setup demo translate pipeline test lint format lock clean

help:  ## List the targets.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: $(STAMP)  ## Make .venv with everything in requirements.txt (Python 3.10 or 3.11).

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v in ((3, 10), (3, 11)) else \
	  f"found Python {v[0]}.{v[1]}, expected 3.10 or 3.11: run make PYTHON=/path/to/python3.11 setup")'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check $(UV)
	@# --no-deps: requirements.txt is complete, so nothing is left to resolve.
	@# --compile-bytecode: without it the first import of TensorFlow takes three times as long.
	$(PY) -m uv pip install --python $(PY) --no-deps --compile-bytecode -r requirements.txt
	@touch $@

demo: $(STAMP)  ## Draw portraits, train on them for minutes, show image grids before and after.
	@test -e data/portraits || $(PY) -m stargan_tf.prepare_data --source=portraits --output_dir=data/portraits
	@$(PY) -m stargan_tf.train --flagfile=stargan_tf/flagfiles/demo.flags \
	  --data_dir=data/portraits --run_dir=runs/demo
	@printf '%s\n' 'Now look at images from before and after:' \
	  '  runs/demo/samples/000000_latent_psi_1.0.png   random styles, untrained' \
	  '  runs/demo/samples/000800_latent_psi_1.0.png   random styles, trained' \
	  '  runs/demo/samples/000800_reference.png        styles of the portraits across the top' \
	  'Translate an image of your own:' \
	  '  $(PY) -m stargan_tf.sample --run_dir=runs/demo --src=IMAGE.jpg --out=looks.png' \
	  'Train for longer: stargan_tf/flagfiles/portraits_64.flags says how.'

IMG ?= saved_models/portraits_64/example.png
OUT ?= runs/looks.png

translate: $(STAMP)  ## Draw an image of yours in many styles with the trained model: IMG=photo.jpg OUT=looks.png
	@mkdir -p $(dir $(OUT))
	@$(PY) -m stargan_tf.sample --saved_model=saved_models/portraits_64/1 --src="$(IMG)" --out="$(OUT)" --overwrite

pipeline: $(STAMP)  ## Run the TFX pipeline on drawn portraits: images, training, checks, saved_models/.
	@$(PY) -m pipeline.run_local --flagfile=pipeline/flagfiles/portraits.flags

lint: $(STAMP)  ## Check style and formatting.
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: $(STAMP)  ## Apply the formatter and the safe fixes.
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# Two at a time: much of a test is one thread's work. A file stays in one process, with what its
# tests share.
test: $(STAMP)  ## Run every test.
	$(PY) -m pytest --numprocesses=2 --dist=loadfile

lock: $(STAMP)  ## Resolve requirements.in into requirements.txt again.
	@rm -f requirements.tmp
	$(PY) -m uv pip compile --universal --python-version 3.10 --no-python-downloads \
	  --no-annotate --no-emit-index-url --exclude-newer $(LOCK_DATE) \
	  $(foreach p,$(YOUNGER),--exclude-newer-package $(p)=$(YOUNGER_DATE)) \
	  --custom-compile-command 'make lock (as of $(LOCK_DATE))' --quiet -o requirements.tmp requirements.in
	sed -E "s/ ; python_full_version < '3.12' and \(sys_platform == 'darwin' or sys_platform == 'linux'\)$$//" \
	  requirements.tmp > requirements.txt
	@rm requirements.tmp

clean:  ## Remove .venv and caches (data and runs stay).
	rm -rf $(VENV) .pytest_cache .ruff_cache .build dist *.egg-info
