# Regression on synthetic data, on files, by ridge and by gradient flow; what is refused.
predict="synthetic --train-samples 300 --test-samples 200"
weightlaw predict $predict --ridge 1e-1,1e-3
weightlaw predict $predict --time 10,1000,inf --learning-rate 5 -o ensemble.npz --json > flow.json
weightlaw predict $predict --time 10,1000,inf --learning-rate 5 --threads 1 --json | sed 's/"output": null/"output": "ensemble.npz"/' | cmp - flow.json && echo same
weightlaw predict $predict --time 10,1000,inf --learning-rate 5
weightlaw predict $predict --time 1 --learning-rate 1e6 --kernel nngp | tail -n 3
try() {
  weightlaw predict "$@"
  echo "exit $?"
}
try $predict --ridge 0.1 --time 3
try $predict --ridge 0.1,,2
try $predict --ridge -1
try $predict --ridge inf
try $predict --time soon
try $predict --learning-rate 2
try $predict --train-samples 10001
try $predict -o ensemble.npz
try $predict -o ensemble.txt
try
try synthetic --train a.npz
try --train a.npz
try --train none.npz --test none.npz
try --train ensemble.npz --test ensemble.npz
ls
