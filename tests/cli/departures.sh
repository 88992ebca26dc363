# What a law misses: the furthest invariants, the global test, words; named graphs; refusals with an estimate.
small="--networks 60 --epochs 0 --hidden 4,4 --synthetic-train 200 --synthetic-test 50 --synthetic-features 5"
weightlaw train synthetic -o run --init 'uniform(gain=1)' $small > out.txt
fit() { weightlaw fit run --tensor layer2.weight "$@" | sed -n '/^  sum of/,$p'; }
fit --law iid --degree 3 --replicates 19
fit --law iid --graph '0-1,0-1,0-1,0-1; 0-1,0-1' --replicates 199
# Rows that differ, under a law that knows none: a wider law is named.
weightlaw draw 'bipartite(s0=1,rows=3,columns=1,entries=1)' --shape 100,5,5 -o rows.npy > out.txt
weightlaw fit rows.npy --law iid --degree 2 --replicates 39 | sed -n '/^- /,/^$/p'
weightlaw fit rows.npy --law iid --degree 2 --replicates 0 | sed -n '/^- /,/^$/p'
weightlaw fit run --tensor layer2.weight --graph 0-1,1-2,2-0,0-3,1-3,2-3 --patience 0 2> refused.txt
echo "exit $?"
sed 's/about [^ ]* s/about T s/; s/--patience [0-9]*/--patience S/' refused.txt
weightlaw fit run --tensor layer1.weight --graph 0-1,1-2,2-0
echo "exit $?"
weightlaw fit run --tensor layer2.weight --degree 5
echo "exit $?"
