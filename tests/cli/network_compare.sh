# Distances of whole networks: against the initial law, a fit and another run; pairing; what is not known; refusals.
small="--networks 60 --epochs 0 --init torch-default --biases --hidden 4,4 --synthetic-train 200 --synthetic-test 50 --synthetic-features 5"
weightlaw train synthetic -o run $small > out.txt
weightlaw train synthetic -o other $small --seed 2 > out.txt
weightlaw compare run init --law network --output exchangeable
weightlaw fit other --law network --input exchangeable --output exchangeable --json > fit.json
weightlaw compare @fit.json run
weightlaw compare run other --law network --json | grep -E '"(paired|reference|inputs|outputs|covered|debiased_by)"'
cp run/epoch-0000.safetensors run/epoch-0001.safetensors
weightlaw compare run@0 run@1 --law network | grep paired
weightlaw compare run init --law network --input labelled --output labelled | sed -n '/^- /,$p'
weightlaw compare @fit.json run --output labelled
echo "exit $?"
weightlaw compare run other --input labelled
echo "exit $?"
weightlaw compare run other --law network --tensor layer2.weight
echo "exit $?"
weightlaw compare run other --law network --layers layer1.weight,layer3.weight
echo "exit $?"
weightlaw compare run 'iid(variance=1)' --law network
echo "exit $?"
