#!/bin/sh
# All 361 invariants of degree 1 to 4 of D x D matrices beside 52 of them (those of degree 3) in NumPy, one thread each
# side, in turn: a line `name ours peer ratio` each, seconds a matrix. Of the last line the peer is one dgemm, and the ratio
# how many of them ours takes. usage: bench/invariants.sh BUILD [PYTHON]
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
export OPENBLAS_NUM_THREADS=1

median() { sort -g "$1" | sed -n 2p; }

# Medians of three rounds taken in turn, so that a busy moment of the machine meets both sides.
compare() { # name D networks peer_networks [level]
  for round in 1 2 3; do
    "$build/bench/invariants" "$2" "$3" 1 ${5:-} | cut -d' ' -f1 >> "$work/ours"
    "$python" "$here/invariants_numpy.py" "$2" "$4" 1 >> "$work/peer"
  done
  awk -v n="$1" -v a="$(median "$work/ours")" -v b="$(median "$work/peer")" \
    'BEGIN { printf "%s %.4g %.4g %.1f\n", n, a, b, b / a }'
  rm -f "$work/ours" "$work/peer"
}

in_dgemms() { # name D networks
  for round in 1 2 3; do
    "$build/bench/invariants" "$2" "$3" 2 > "$work/both"
    cut -d' ' -f1 "$work/both" >> "$work/ours"
    cut -d' ' -f2 "$work/both" >> "$work/peer"
  done
  awk -v n="$1" -v a="$(median "$work/ours")" -v b="$(median "$work/peer")" \
    'BEGIN { printf "%s %.4g %.4g %.2f\n", n, a, b, a / b }'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compare invariants-10-numpy 10 1024 512
compare invariants-10-avx2-numpy 10 1024 512 x86-64-v3
compare invariants-640-numpy 640 2 2
in_dgemms invariants-640-in-dgemms 640 1
