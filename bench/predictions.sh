#!/bin/sh
# What a law predicts of all 361 invariants of degree 1 to 4, with variances and residual errors: a line
# `name ours peer ratio` each, seconds. There is no peer: in its place stands the second it may take at most.
# usage: bench/predictions.sh BUILD
set -eu
build=${1:-build}
line() { # name laws
  seconds=$("$build/bench/predictions" 10 "$2" | cut -d' ' -f1)
  awk -v n="$1" -v a="$seconds" 'BEGIN { printf "%s %.4g 1 %.1f\n", n, a, 1 / a }'
}
line predictions-361-permutation 1
line predictions-361-permutation-33-laws 33
