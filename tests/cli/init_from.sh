# Whole networks drawn from a fit, and an ensemble that begins from one; what draw and train refuse there.
small='--hidden 5,4 --epochs 0 --synthetic-features 6 --synthetic-classes 3 --synthetic-train 50 --synthetic-test 20'
train() { # shellcheck disable=SC2086 # the words of $small are options
  weightlaw train synthetic $small "$@" > out.txt
  echo "exit $?"
}
try() {
  weightlaw "$@"
  echo "exit $?"
}
train -o run --networks 60 --biases
weightlaw fit run --law network --json > net.json
weightlaw fit run --law bipartite --json > fits.json
try draw @net.json -o nets.safetensors --seed 7
try draw @net.json -o few.npz --networks 5 --dtype f32 --json
weightlaw fit nets.safetensors --law network --input exchangeable --json | grep '"networks"'
try draw @net.json -o nets.npy
try draw @net.json -o new.npz --shape 5,4
try draw @net.json -o new.npz --name w
try draw 'network()' -o new.npz --shape 5,4
train -o again --init-from net.json --biases
grep -A 12 '"init_from"' again/run.json | grep -v sha256
cmp net.json again/initial.json
train -o again --init-from net.json --biases
tail -n 4 out.txt
train -o again --init-from fits.json --biases 2> err.txt
sed 's/[0-9a-f]\{64\}/SHA/g' err.txt
rm net.json
try train --resume again > out.txt
train -o layers --init-from fits.json
weightlaw compare layers init --tensor layer2.weight --json | grep reference
train -o new --init-from fits.json --hidden 5,5
train -o new --init-from fits.json --parameterization ntk
train -o new --init-from fits.json --init 'beta(eta=1,b=0.5)'
train -o new --init-from again/initial.json
train -o new --init-from none.json
echo mine > again/initial.json
try train --resume again
ls
