# The operand `-` is standard input, from a file and through a pipe; there is only one of it. `-o -` is refused.
small="--networks 3 --epochs 0 --hidden 4,4 --synthetic-train 200 --synthetic-test 50 --synthetic-features 5"
weightlaw train synthetic -o run $small > out.txt
ask() { weightlaw fit "$1" --tensor layer2.weight --law iid | sed -n '/^  log-likelihood/p'; }
ask run/epoch-0000.safetensors > named.txt
wc -l < named.txt
ask - < run/epoch-0000.safetensors | cmp - named.txt
cat run/epoch-0000.safetensors | ask - | cmp - named.txt
weightlaw compare - - --law iid < run/epoch-0000.safetensors
echo "exit $?"
weightlaw fit - < /dev/null
echo "exit $?"
weightlaw report run -o -
echo "exit $?"
ls
