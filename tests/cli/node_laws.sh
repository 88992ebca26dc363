# Node laws as initial laws of a matrix, and parameters out of range.
try() {
  weightlaw draw "$@" -o weights.npy --force
  echo "exit $?"
}
try 'beta(eta=2,b=0.5)' --shape 10,10,50 --seed 1 --json
try 'bernoulli(c=20)' --shape 3,19
for law in 'positive-stable(alpha=1)' 'positive-stable(alpha=0.1,kappa=1e9)' 'inverse-gamma(shape=1)' 'beta(b=0)' \
  'regularised-horseshoe(slab=-1)' 'powerlaw(s=-1)' 'horseshoe(scale=1)' 'horse-shoe'; do
  try "$law" --shape 3,4
done
weightlaw fit weights.npy --law horseshoe || echo "exit $?"
