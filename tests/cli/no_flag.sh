# Ways to write options: flags denied, values behind = or a space or a letter, `--` before operands.
small="--epochs 0 --hidden 4,4 --synthetic-train 200 --synthetic-test 50 --synthetic-features 5"
weightlaw train --networks=2 $small --no-biases -o a synthetic > a.txt && sed -n 2p a.txt
weightlaw train -n3 $small --biases --output=b -- synthetic > b.txt && sed -n 2p b.txt
weightlaw train --networks 2 --networks 4 $small synthetic -o c > c.txt && sed -n 2p c.txt # the last one counts
weightlaw train -- --networks
