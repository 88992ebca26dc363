#!/bin/sh
# 13 moments of D x D matrices, one thread each side, ours and NumPy in turn: a line `name ours peer ratio` each,
# seconds a matrix. usage: bench/moments.sh BUILD [PYTHON]
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
export OPENBLAS_NUM_THREADS=1

# Medians of three rounds taken in turn, so that a busy moment of the machine meets both sides.
compare() { # name D networks peer_networks form
  for round in 1 2 3; do
    "$build/bench/moments" "$2" "$3" 1 | cut -d' ' -f1 >> "$work/ours"
    "$python" "$here/moments_numpy.py" "$2" "$4" 1 "$5" >> "$work/peer"
  done
  ours=$(sort -g "$work/ours" | sed -n 2p)
  peer=$(sort -g "$work/peer" | sed -n 2p)
  awk -v n="$1" -v a="$ours" -v b="$peer" 'BEGIN { printf "%s %.4g %.4g %.1f\n", n, a, b, b / a }'
  rm -f "$work/ours" "$work/peer"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compare moments-10-numpy 10 4096 4096 plain
compare moments-10-numpy-batched 10 4096 4096 batched
compare moments-640-numpy 640 8 4 plain
compare moments-640-numpy-batched 640 8 8 batched
