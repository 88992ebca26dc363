# Networks at infinite width: closed forms, a table of models, draws beside finite networks; what limit refuses.
try() {
  weightlaw limit "$@"
  echo "exit $?"
}
try --table
try --law 'beta(eta=1,b=0.5)'
try --law 'horseshoe(c=1)' --depth 2 --epsilon 0.01
try --law 'inverse-gamma(shape=3,scale=2)' --epsilon '' --fraction 0,1 --variance 4
weightlaw limit --law 'bernoulli(c=2); constant' --draws 200 --width 20 --epsilon 0.1 --inputs 2 --json -o drawn.npy > one.json
weightlaw limit --law 'bernoulli(c=2); constant' --draws 200 --width 20 --epsilon 0.1 --inputs 2 --json -o drawn.npy \
  --force --threads 1 | cmp one.json -
grep -e '"schema"' -e '"regime": "mogp"' -e '"inputs"' -e '"output"' one.json
weightlaw limit --law 'bernoulli(c=2)' --draws 200 --width 20 --epsilon 0.5 | grep -e '^200' -e 'P(Z' -e quantity
weightlaw limit --table --csv | cut -d, -f1,2
try
try --law 'bta(eta=1)'
try --law permutation
try --law 'beta; ; beta'
try --law 'positive-stable(alpha=1.5)'
try --law 'inverse-gamma(shape=0.5)'
try --law 'bernoulli(c=5)' --width 3
try --law gamma --draws 100 --tolerance 0
try --law beta --activation rel
try --law beta --epsilon 0.1,-1
try --law beta --draws 3
try --law beta drawn.npy
try --law beta none.npy
try --law beta -o drawn.npy
try --law beta -o drawn.txt
