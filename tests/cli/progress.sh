# No progress where standard error is no terminal; lines with --progress=always; a line that is cleared on a terminal.
run="--networks 3 --epochs 1 --hidden 4,4 --synthetic-train 200 --synthetic-test 50"
weightlaw train synthetic -o a $run > out.txt
weightlaw train synthetic -o b $run --progress=always > out.txt 2> err.txt
sed -n '1s/^ *[0-9]* %.*/progress/p' err.txt
