#!/bin/sh
# Eigenvalues of W'W beside NumPy's SVD, at 1 and 2 threads on each side and in turn: a line `name ours peer ratio` each,
# seconds a matrix. usage: bench/spectra.sh BUILD [PYTHON] [SHAPES]
set -eu
build=${1:-build}
python=${2:-python3}
shapes=${3:-1024x1024 2048x2048 4096x4096 1024x4096}
here=$(dirname "$0")

# Medians of three rounds taken in turn, so that a busy moment of the machine meets both sides.
compare() { # rows cols threads
  case $1 in 1024) repeats=5 ;; *) repeats=1 ;; esac
  for round in 1 2 3; do
    "$build/bench/spectra" "$1" "$2" $repeats "$3" | cut -d' ' -f1 >> "$work/ours"
    OPENBLAS_NUM_THREADS=$3 "$python" "$here/spectra_numpy.py" "$1" "$2" $repeats >> "$work/peer"
  done
  ours=$(sort -g "$work/ours" | sed -n 2p)
  peer=$(sort -g "$work/peer" | sed -n 2p)
  awk -v n="spectrum-$1x$2-threads-$3" -v a="$ours" -v b="$peer" 'BEGIN { printf "%s %.4g %.4g %.1f\n", n, a, b, b / a }'
  rm -f "$work/ours" "$work/peer"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for shape in $shapes; do
  for threads in 1 2; do compare "${shape%x*}" "${shape#*x}" $threads; done
done
