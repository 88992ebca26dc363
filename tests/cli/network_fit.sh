# The law of whole networks: what is printed, sides, invariants, rows, refusals.
small="--networks 60 --epochs 0 --init torch-default --biases --hidden 4,4 --synthetic-train 200 --synthetic-test 50 --synthetic-features 5"
weightlaw train synthetic -o run $small > out.txt
weightlaw fit run --law network --output exchangeable
weightlaw fit run --law network --output exchangeable --degree 3 | sed -n '/^  sum of *observed/,/^$/p'
weightlaw fit run --law network --input labelled | sed -n '/^  widths/,/^  outputs/p;/^- /,$p'
weightlaw fit run --law network --input exchangeable --output exchangeable --csv | cut -d, -f1-4 | head -5
weightlaw fit run --law network --json > fit.json
weightlaw fit run --input labelled
echo "exit $?"
weightlaw fit run --law network --tensor layer2.weight
echo "exit $?"
weightlaw fit run --law network --degree 1
echo "exit $?"
weightlaw fit run --law networ
echo "exit $?"
weightlaw limit --law @fit.json
echo "exit $?"
