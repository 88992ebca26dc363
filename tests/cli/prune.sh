# Networks drawn from node variances, pruned; what train and prune refuse.
small='--networks 6 --hidden 20 --epochs 0 --synthetic-features 8 --synthetic-test 200 --synthetic-train 50'
train() { # shellcheck disable=SC2086 # the words of $small are options
  weightlaw train synthetic -o "$1" $small "$2" "$3" > /dev/null
}
try() {
  weightlaw "$@"
  echo "exit $?"
}
train run --init 'beta(eta=3,b=0.5)'
weightlaw prune run --fraction 0.5,0.9
weightlaw prune run --by norm --fraction 0.5 --csv | cut -d, -f1-3
weightlaw prune run --fraction 0.5 --json | grep -e schema -e '"by"' -e hidden -e '"width"' -e reason
train iid --networks 1
weightlaw prune iid --fraction 0.5 | tail -n +9
try prune run --fraction 1
try prune run --fraction 0.9,0.5
try prune run --layers 2
try prune run --epoch 3
try prune run elsewhere
try prune nothing
try prune
try train synthetic -o other --init horseshoe --parameterization ntk
try train synthetic -o other --init horseshoe --hidden ''
try train synthetic -o other --init 'bernoulli(c=11)'
try train synthetic -o other --train-scales no
