# Networks drawn from laws of a run, and trained; what redraw refuses.
try() {
  weightlaw "$@"
  echo "exit $?"
}
train() {
  weightlaw train synthetic -o "$@" --hidden 5,5 --synthetic-features 6 --synthetic-classes 3 --synthetic-train 200 \
    --synthetic-test 90 --batch 20 > /dev/null
}
train run --networks 12 --epochs 2 --lr 0.02
weightlaw redraw run --epochs 2 --train 1 --laws bipartite,network,network-labelled
weightlaw redraw run --train '' --csv | cut -d, -f1-7,10
weightlaw redraw run --networks 4 --json --threads 1 > one
weightlaw redraw run --networks 4 --json --threads 3 | cmp - one
grep -e schema -e '"data"' -e '"fitted"' -e '"networks": 4,' -e train_seed -e '"tests"' one | sort -u
try redraw run --epochs 0,3
try redraw run --laws iid,normal
try redraw run --train 2,1
try redraw run elsewhere
try redraw nothing
try redraw
train part --networks 3 --epochs 0 --snapshot-layers 1,2
try redraw part
train scales --networks 3 --epochs 0 --init beta --train-scales no
try redraw scales
