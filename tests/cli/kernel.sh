# A kernel written whole, interrupted by Ctrl-C, by a kill at once and by one later: always the same bytes. What is
# refused. One thread works on 6000 inputs for half a second; a kill costs at most one stripe of twelve.
kernel="synthetic --samples 6000 --depth 1 --dtype f32 --save-every 0"
weightlaw kernel $kernel -o whole.npy
env --default-signal=INT weightlaw kernel $kernel --threads 1 -o broken.npy > broken.txt &
pid=$!
wait_for() { # $1 stripes in the journal
  tries=0
  while [ $tries -lt 1000 ] && ! grep -Eq "\"steps\": ($1)" broken.npy.journal 2> none; do
    sleep 0.01
    tries=$((tries + 1))
  done
}
wait_for '[2-9]|[0-9][0-9]'
kill -INT $pid
wait $pid
echo "exit $?"
weightlaw kernel $kernel -o broken.npy --kernel ntk
echo "exit $?"
weightlaw kernel $kernel --samples 5999 -o broken.npy
echo "exit $?"
weightlaw kernel $kernel --threads 1 -o broken.npy > broken.txt &
pid=$!
wait_for '[5-9]|[0-9][0-9]'
kill -KILL $pid
wait $pid 2> none
echo "exit $?"
weightlaw kernel $kernel -o broken.npy --json --threads 3 > broken.json
made=$(sed -n 's/.*"tiles_made": \([0-9]*\),/\1/p' broken.json)
[ "$made" -gt 0 ] && [ "$made" -lt 78 ] && echo "went on"
cmp whole.npy broken.npy && echo same
ls
rm whole.npy broken.npy none
weightlaw kernel synthetic --samples 40 --cross --cross-samples 7 -o cross.npy --kernel ntk --activation 'leaky-relu(slope=0.1)' --json |
  sed '/"m..": [0-9]*\.[0-9]/d'
weightlaw kernel cross.npy cross.npy -o own.npy --samples 3 | head -n 2
for bad in cross.npy kernel.npz ''; do
  weightlaw kernel synthetic --samples 10 -o "$bad"
  echo "exit $?"
done
try() {
  weightlaw kernel "$@" -o new.npy
  echo "exit $?"
}
try
try none.npy
try nowhere
try synthetic synthetic
try cross.npy --part test
try cross.npy --samples 41
weightlaw kernel synthetic --samples 10 --activation swish -o new.npy 2>&1 | sed 's/;.*//'
try synthetic --samples 10 --activation sign --kernel ntk
try synthetic --samples 10 --weight-variance 1e6 --depth 60
ls
