#!/bin/sh
# Entry laws of one 4096 x 11008 tensor beside a plain histogram of the same bytes (GB/s), and beside npm-weibull-py
# (PyPI; seconds), ours on all processors: lines `name ours peer ratio`. usage: bench/entries.sh BUILD [PYTHON]
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -c 'import npm_weibull' 2> /dev/null || echo "skipped: npm-weibull-py: $python has no npm_weibull (set PYTHON)"
for type in bf16 f32; do
  "$build/bench/entries" "$work/$type.safetensors" 4096 11008 "$type" 7 > "$work/ours"
  grep '^entries' "$work/ours"
  if "$python" -c 'import npm_weibull' 2> /dev/null; then
    "$python" "$here/entries_npm.py" "$work/$type.safetensors" 3 > "$work/peer"
    awk -v n="entries-$type-npm-weibull" -v a="$(sed -n 's/^seconds //p' "$work/ours")" -v b="$(cut -d' ' -f1 "$work/peer")" \
      'BEGIN { printf "%s %.4g %.4g %.1f\n", n, a, b, b / a }'
  fi
  rm -f "$work/$type.safetensors"
done
