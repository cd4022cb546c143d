#!/bin/sh
# Makes a virtual environment with every package of the project, and with the project itself.
#
#   scripts/setup.sh FOLDER [PYTHON]
#
# Python 3.10 and 3.11 get requirements.txt (TensorFlow 2.15), 3.12 and 3.13 the newest
# TensorFlow: with TFX, where the system can run it, requirements-pipeline-modern.txt, else
# requirements-modern.txt. Without PYTHON, the first of CANDIDATES that is one of these is taken;
# where there is none, uv fetches Python 3.11.
set -eu

FOLDER=$1
UV=uv==0.13.9
CANDIDATES="python3 python3.11 python3.10 python3.13 python3.12"
FETCHED=3.11

fail() {
  echo "error: $1" >&2
  exit 1
}

# 3.11 for Python 3.11; nothing for what does not run, such as a shim of a Python not installed.
version_of() {
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

supported() {
  case $1 in 3.10 | 3.11 | 3.12 | 3.13) return 0 ;; esac
  return 1
}

requirements_for() {
  case $1 in
    3.10 | 3.11) echo requirements.txt ;;
    *) if runs_tfx "$2"; then echo requirements-pipeline-modern.txt; else echo requirements-modern.txt; fi ;;
  esac
}

# TFX 1.21 has wheels for x86-64 and glibc from 2.39 on only.
runs_tfx() {
  "$1" -c '
import platform, sys
library, version = platform.libc_ver()
new = library == "glibc" and tuple(map(int, version.split("."))) >= (2, 39)
sys.exit(not (new and platform.machine() == "x86_64"))'
}

fetch_python() {
  uv=$(command -v uv) || {
    python3 -m venv --clear "$FOLDER.uv" || return 1
    "$FOLDER.uv/bin/python" -m pip install --quiet --disable-pip-version-check "$UV" || return 1
    uv=$FOLDER.uv/bin/uv
  }
  "$uv" venv --quiet --clear --seed --python "$FETCHED" "$FOLDER" || return 1
  "$uv" pip install --quiet --python "$FOLDER/bin/python" "$UV"
}

# It would be emptied, for whoever else uses it.
[ ! -L "$FOLDER" ] || fail "$FOLDER is a link to another folder, expected one of this checkout: \
remove the link."

python=${2:-}
if [ -n "$python" ]; then
  version=$(version_of "$python")
  supported "$version" || fail "found ${version:+Python }${version:-nothing that runs} at \
PYTHON=$python, expected Python 3.10, 3.11, 3.12 or 3.13: give another, or leave PYTHON out."
else
  for candidate in $CANDIDATES; do
    version=$(version_of "$candidate")
    if supported "$version"; then
      python=$candidate
      break
    fi
  done
fi

if [ -n "$python" ]; then
  echo "Found Python $version ($(command -v "$python"))."
  "$python" -m venv --clear "$FOLDER" || fail "$python cannot make a virtual environment, for the \
reason above: on Debian and Ubuntu, install python3-venv and try again."
  "$FOLDER/bin/python" -m pip install --quiet --disable-pip-version-check "$UV"
else
  found=$(version_of python3)
  echo "Found ${found:+Python }${found:-no Python}, expected 3.10 to 3.13: uv fetches $FETCHED."
  fetch_python || fail "Python $FETCHED could not be fetched, for the reason above: install Python \
3.10, 3.11, 3.12 or 3.13, and run make PYTHON=/path/to/python setup."
  rm -rf "$FOLDER.uv"
  version=$FETCHED
fi

requirements=$(requirements_for "$version" "$FOLDER/bin/python")
echo "Installing $requirements into $FOLDER."
# --no-deps: the list is complete, so nothing is left to resolve.
# --compile-bytecode: without it the first import of TensorFlow takes three times as long.
"$FOLDER/bin/python" -m uv pip install --quiet --python "$FOLDER/bin/python" --no-deps \
  --compile-bytecode -r "$requirements"
# The project itself, by a link: its commands run from any folder, and edits count at once.
# --no-build-isolation: the list has setuptools, so nothing is fetched to build with.
"$FOLDER/bin/python" -m uv pip install --quiet --python "$FOLDER/bin/python" --no-deps \
  --no-build-isolation --editable .
