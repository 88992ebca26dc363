#!/bin/sh
# Kernel matrices of infinitely wide networks (3 hidden layers, 784 inputs a point, double precision) beside NumPy on
# whole arrays and, where it is installed, neural-tangents; both sides on all processors, the same inputs, in turn: a line
# `name ours peer ratio` each, seconds an entry. usage: bench/kernels.sh BUILD [PYTHON]
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
points=3000
features=784
"$python" "$here/kernels_peers.py" make "$work/inputs" $points $features

median() { cut -d' ' -f1 "$1" | sort -g | sed -n 2p; }

# Medians of three rounds taken in turn, so that a busy moment of the machine meets both sides.
compare() { # peer activation kind
  for round in 1 2 3; do
    "$build/bench/kernels" "$work/inputs" $points $features "$2" 3 "$3" >> "$work/ours"
    "$python" "$here/kernels_peers.py" "$1" "$work/inputs" $points $features "$2" 3 "$3" >> "$work/peer"
  done
  paste -d' ' "$work/ours" "$work/peer" | awk -v what="$1 $2 $3" '
    function far(x, y) { return !((x - y) ^ 2 <= 1e-16 * (1 + x * x)) }
    far($2, $5) || far($3, $6) { print "kernels.sh: " what ": entries differ: " $0 > "/dev/stderr"; exit 1 }'
  awk -v n="kernels-$3-$2-$1" -v a="$(median "$work/ours")" -v b="$(median "$work/peer")" \
    'BEGIN { printf "%s %.4g %.4g %.1f\n", n, a, b, b / a }'
  rm -f "$work/ours" "$work/peer"
}

peers=numpy
if "$python" -c 'import neural_tangents' 2> /dev/null; then peers='numpy neural-tangents'
else echo "skipped: neural-tangents: $python has none that runs (it needs jax below 0.5)"; fi
for peer in $peers; do
  compare "$peer" relu nngp
  compare "$peer" relu ntk
  compare "$peer" relu cross-nngp
  compare "$peer" erf nngp
done
