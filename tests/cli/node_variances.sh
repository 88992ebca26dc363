# Node variances: one width, three widths, totals that grow with the width, and what is refused.
for p in 16 32 64; do
  weightlaw draw 'normal(gain=1,fan=in)' --shape 30,6,$p --seed $p -o gp-$p.npy > out.txt
  weightlaw draw 'normal(sd=0.2)' --shape 30,6,$p --seed $p -o grows-$p.npy > out.txt
done
weightlaw fit gp-16.npy --law node-variances
weightlaw fit gp-16.npy gp-32.npy gp-64.npy --law node-variances | sed -n '/verdict/,/falls/p'
weightlaw fit grows-16.npy grows-32.npy grows-64.npy --law node-variances | grep -A1 '^- Nodes'
small="--networks 6 --epochs 1 --synthetic-train 200 --synthetic-test 50 --synthetic-features 5"
for p in 8 12; do weightlaw train synthetic -o run-$p --hidden $p,$p $small > out.txt; done
weightlaw train synthetic -o deep --hidden 8,8,8 $small > out.txt
weightlaw fit run-8 run-12 --law node-variances --epoch 0 | grep -A1 '^- Nodes'
weightlaw fit run-8 deep --law node-variances
echo "exit $?"
weightlaw fit run-8 --law node-variances --degree 3
echo "exit $?"
