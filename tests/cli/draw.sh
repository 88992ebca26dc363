# An ensemble from a law in text, its fit, and an ensemble from the fit; what draw refuses.
try() {
  weightlaw draw "$@"
  echo "exit $?"
}
try 'bipartite(s0=1,rows=2,columns=1,entries=0.5)' --shape 40,3,4 -o weights.npy --seed 7
weightlaw fit weights.npy --law bipartite --json > fit.json
try @fit.json -o again.safetensors
try @fit.json --networks 5 --dtype f32 --name layer2.weight -o five.npz
try 'normal(sd=0.5)' --shape 2,3 -o one.npy --json
weightlaw draw 'normal(sd=0.5)' --shape 2,3 -o other.npy --json --threads 1 > /dev/null && cmp one.npy other.npy
weightlaw compare @fit.json weights.npy --law bipartite --json | grep -e reference -e '"wasserstein"'
weightlaw compare @fit.json 'iid(variance=1)' --json | grep -e networks_ -e reference
for bad in one.npy weights.txt ''; do try 'normal(sd=1)' --shape 2,2 -o "$bad"; done
try 'normal(sd=1)' --shape 2,2
try 'normal(sd=1)' -o new.npy
try 'normal(sd=1)' --shape 2 -o new.npy
try 'normal(sd=1)' --shape 2,2,2 --networks 3 -o new.npy
try 'permutation(V0=[1,0,0,1],VH=[1,0,0,0,1,0,0,0,1],V2=1,V3=1)' --shape 2,3 -o new.npy
weightlaw draw 'normal(sd=1)' --shape 4294967295,1000,1000 -o new.npy 2> full.txt || echo "exit $?"
sed 's/has .* GB/has F GB/' full.txt && rm full.txt
try 'iid' --shape 2,2 -o new.npy
try @fit.json --shape 4,3 -o new.npy
try @none.json -o new.npy
try @weights.npy -o new.npy
try @ -o new.npy
weightlaw fit one.npy --law 'iid(variance=1)' || echo "exit $?"
weightlaw fit one.npy --law bipartite --json > single.json
try @single.json -o new.npy
ls
