#!/bin/sh
# Training 784-10-10-10-10 on Fashion-MNIST beside PyTorch: lines `name ours peer ratio`, seconds of one network-epoch
# while all processors work (ours: threads; the peer: one process a processor). usage: bench/train.sh BUILD [PYTHON]
#
# With BUILD/weightlaw ours is `weightlaw train`, start-up, evaluation, snapshots and metrics included; the peer's time is
# its training loop alone. train-core-*: the same in processor seconds, which a busy machine disturbs less. Accuracies
# after the same number of epochs follow, then the share of the sgemm rate that training reaches.
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
data=/usr/share/datasets/fashion-mnist
cores=$(nproc)
epochs=3
networks=400 # start-up (reading and inflating the images) is a second of processor time
if ! [ -r "$data/train-images-idx3-ubyte.gz" ]; then
  echo "skipped: no data (package dataset-fashion-mnist)"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ours ORDER: "wall core accuracy", seconds of a network-epoch
ours() {
  if [ -x "$build/weightlaw" ]; then
    rm -rf "$work/run"
    "$python" - "$build/weightlaw" "$1" "$work/run" "$networks" "$epochs" "$data" << 'END'
import csv, os, subprocess, sys, time
program, order, run, networks, epochs, data = sys.argv[1:]
begin = time.perf_counter()
subprocess.run([program, "train", data, "-o", run, "--networks", networks, "--epochs", epochs, "--order", order,
                "--init", "torch-default", "--progress=never"], check=True, stdout=subprocess.DEVNULL)
wall, times = time.perf_counter() - begin, os.times()
each = int(networks) * int(epochs)
with open(os.path.join(run, "metrics.csv")) as file:
    last = [float(row["test_accuracy"]) for row in csv.DictReader(file) if row["epoch"] == epochs]
print(wall / each, (times.children_user + times.children_system) / each, sum(last) / len(last))
END
  else
    [ "$1" = shared ] && shared=--shared || shared=
    "$build/bench/train" $shared --networks "$networks" --epochs "$epochs" --data "$data" | awk '{ print $3, $5, $9 }'
  fi
}

# peer FORM ORDER NETWORKS: "wall core accuracy chosen"; one process a processor, timed while all run
peer() {
  rm -rf "$work/meet"
  mkdir "$work/meet"
  process=0
  while [ "$process" -lt "$cores" ]; do
    "$python" "$here/train_torch.py" "$1" "$2" --networks "$3" --epochs "$epochs" --data "$data" \
      --process "$process" --processes "$cores" --meet "$work/meet" > "$work/peer-$process" 2> "$work/log-$process" &
    process=$((process + 1))
  done
  wait
  grep -hv '^#' "$work"/peer-* | awk '
    { if ($1 > wall) wall = $1; core += $2; each += $3; accuracy += $4 * $3; chosen = $5 }
    END { print wall / each, core / each, accuracy / each, chosen }'
}

compare() { # FORM ORDER PEER_NETWORKS
  peer "$1" "$2" "$3" > "$work/theirs"
  awk -v name="$2-torch-$1" -v ours="$(cat "$work/ours")" -v peer="$(cat "$work/theirs")" 'BEGIN {
    split(ours, a); split(peer, b)
    printf "train-%s %.5f %.5f %.1f\n", name, a[1], b[1], b[1] / a[1]
    printf "train-core-%s %.5f %.5f %.1f\n", name, a[2], b[2], b[2] / a[2]
    printf "# %s: accuracy after the same epochs %.4f, peer %.4f (%s)\n", name, a[3], b[3], b[4] }'
}

for order in independent shared; do
  ours "$order" > "$work/ours"
  compare plain "$order" 2
  compare batched "$order" 16
done
"$build/bench/train" --sgemm
OPENBLAS_CORETYPE=SkylakeX "$build/bench/train" --sgemm
