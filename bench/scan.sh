#!/bin/sh
# A whole scan with spectra beside WeightWatcher (PyPI) on the same tensors: lines `name ours peer ratio`, seconds; medians
# of three rounds in which both take turns. Ours is the command with start-up and reading the file; the peer is analyze()
# on a model that is in memory already, its imports not counted. usage: bench/scan.sh BUILD [PYTHON]
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
if ! "$python" -c 'import weightwatcher, torch, safetensors' > /dev/null 2>&1; then
  echo "skipped: bench/scan.sh: $python has no weightwatcher (PyPI: weightwatcher torch safetensors)"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exec "$python" "$here/scan_weightwatcher.py" "$build/weightlaw" "$work/model.safetensors"
