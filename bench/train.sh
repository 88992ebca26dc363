#!/bin/sh
# Training 784-10-10-10-10 on Fashion-MNIST beside PyTorch: lines `name ours peer ratio`, seconds of one network-epoch
# while all processors work (ours: threads; the peer: one process a processor). usage: bench/train.sh BUILD [PYTHON]
#
# Ours is `weightlaw train`, the peers are bench/train_torch.py; both with evaluation, metrics and snapshots of every epoch,
# both without start-up (reading and inflating the images: ours is run with no epochs too, and that time taken off).
# train-core-*: the same in processor seconds, which a busy machine disturbs less. Medians of three rounds, in which ours
# and the peers take turns. Accuracies after the same number of epochs follow, then the share of the sgemm rate.
set -eu
build=${1:-build}
python=${2:-python3}
here=$(dirname "$0")
data=/usr/share/datasets/fashion-mnist
cores=$(nproc)
epochs=3
networks=200
rounds=3
if ! [ -r "$data/train-images-idx3-ubyte.gz" ]; then
  echo "skipped: no data (package dataset-fashion-mnist)"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ours ORDER: "wall core accuracy", seconds of a network-epoch
ours() {
  "$python" - "$build/weightlaw" "$1" "$work/run" "$networks" "$epochs" "$data" << 'END'
import csv, os, shutil, subprocess, sys, time
program, order, run, networks, epochs, data = sys.argv[1:]

def train(epochs):
    shutil.rmtree(run, ignore_errors=True)
    before, begin = os.times(), time.perf_counter()
    subprocess.run([program, "train", data, "-o", run, "--networks", networks, "--epochs", epochs, "--order", order,
                    "--init", "torch-default", "--progress=never"], check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begin, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system

start_up, whole = train("0"), train(epochs)
each = int(networks) * int(epochs)
with open(os.path.join(run, "metrics.csv")) as file:
    last = [float(row["test_accuracy"]) for row in csv.DictReader(file) if row["epoch"] == epochs]
print((whole[0] - start_up[0]) / each, (whole[1] - start_up[1]) / each, sum(last) / len(last))
END
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

round=0
while [ "$round" -lt "$rounds" ]; do
  for order in independent shared; do
    ours "$order" > "$work/ours"
    compare plain "$order" 2
    compare dataloader "$order" 1
    compare batched "$order" 16
  done
  round=$((round + 1))
done > "$work/lines"

# Medians by name, of each column by itself (so the ratio is the median ratio), in the order of the first round.
"$python" - "$work/lines" << 'END'
import statistics, sys
rows, notes = {}, []
for line in open(sys.argv[1]):
    if line.startswith("#"):
        notes.append(line)
        continue
    name, *numbers = line.split()
    rows.setdefault(name, []).append([float(x) for x in numbers])
for name, numbers in rows.items():
    ours, peer, ratio = (statistics.median(column) for column in zip(*numbers))
    print(f"{name} {ours:.5f} {peer:.5f} {ratio:.1f}")
print("".join(notes[-6:]), end="")
END
"$build/bench/train" --sgemm
OPENBLAS_CORETYPE=SkylakeX "$build/bench/train" --sgemm
