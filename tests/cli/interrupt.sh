# Ctrl-C: the state is saved, the sentence says how to go on, exit 130; resumed, the run ends in the same bytes as one
# that nobody interrupted.
run="--networks 4 --epochs 60 --snapshots 0,60 --hidden 8,8 --synthetic-train 60000 --synthetic-test 100 --seed 5"
weightlaw train synthetic -o whole $run > whole.txt
env --default-signal=INT weightlaw train synthetic -o broken $run > broken.txt &
pid=$!
# the run directory appears first; then training is under way
tries=0
while [ ! -e broken/epoch-0000.safetensors ] && [ $tries -lt 500 ]; do
  sleep 0.01
  tries=$((tries + 1))
done
kill -INT $pid
wait $pid
echo "exit $?"
weightlaw train --resume broken | sed -n '/^  resumed/p'
rm whole/timings.csv broken/timings.csv
diff -r whole broken && echo same
