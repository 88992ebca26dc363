#!/bin/sh
# Sums of whole networks 784-10-10-10-10 from the page cache, all layers: lines `name ours peer ratio`, networks a second.
# The peer is a NumPy program for the same sums on one thread. usage: bench/network.sh BUILD [PYTHON]
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
export OPENBLAS_NUM_THREADS=1

# Medians of three rounds taken in turn, so that a busy moment of the machine meets both sides.
compare() { # name networks side threads chunk
  for round in 1 2 3; do
    "$build/bench/network" "$work/$3.safetensors" "$2" "$3" "$4" 1 784 10 10 10 10 | cut -d' ' -f1 >> "$work/ours"
    "$python" "$here/network_numpy.py" "$work/$3.safetensors" "$3" 1 "$5" | cut -d' ' -f1 >> "$work/peer"
  done
  ours=$(sort -g "$work/ours" | sed -n 2p)
  peer=$(sort -g "$work/peer" | sed -n 2p)
  awk -v n="$1" -v a="$ours" -v b="$peer" 'BEGIN { printf "%s %.4g %.4g %.1f\n", n, 1 / a, 1 / b, b / a }'
  rm -f "$work/ours" "$work/peer"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compare networks-numpy 16000 exchangeable 1 64
compare networks-numpy-2-threads 16000 exchangeable 2 64
compare networks-labelled-numpy 1000 labelled 1 32
