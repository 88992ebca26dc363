#!/bin/sh
# One draw of a network of infinite width beside one of all 2000 nodes, simulated by us and by NumPy, for 1 and for 10
# inputs: lines `name ours peer ratio`, seconds a draw. At equal error: the limit is drawn with jumps enough that its
# largest error of E exp(-s Lambda) over s in [1e-2, 1e8] is below that of 2000 nodes (both computed, printed as
# comments). usage: bench/limit.sh BUILD [PYTHON]
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
export OPENBLAS_NUM_THREADS=1

ratio() { awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%s %.4g %.4g %.1f\n", n, a, b, b / a }'; }

# Medians of three rounds taken in turn, so that a busy moment of the machine meets all sides.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for law in beta horseshoe; do
  for inputs in 1 10; do
    for round in 1 2 3; do
      "$build/bench/limit" $law $inputs 0 >> "$work/limit"
      "$build/bench/limit" $law $inputs 2000 >> "$work/finite"
      "$python" "$here/limit_numpy.py" $law $inputs 2000 >> "$work/numpy"
    done
    for side in limit finite numpy; do sort -g "$work/$side" | sed -n 2p > "$work/$side.median"; done
    awk -v n="limit-$law-inputs-$inputs" 'FNR == 1 { e[++k] = $2 } END { printf "# %s: errors %s and %s\n", n, e[1], e[2] }' \
      "$work/limit.median" "$work/finite.median"
    ours=$(cut -d' ' -f1 "$work/limit.median")
    for side in finite numpy; do
      ratio "limit-$law-inputs-$inputs-$side" "$ours" "$(cut -d' ' -f1 "$work/$side.median")"
    done
    rm -f "$work"/*
  done
done
