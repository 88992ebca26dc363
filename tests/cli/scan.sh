# A scan of a drawn file: table, findings, csv, rules and their exit codes; what is not a file to scan.
weightlaw draw 'normal(sd=0.1)' --shape 1,300,200 --seed 3 -o normal.safetensors > /dev/null
weightlaw scan normal.safetensors
echo "exit $?"
weightlaw scan normal.safetensors --quick --check 'nonfinite==0, weibull.k in 1.15..1.25, q:weibull.k>9'
echo "exit $?"
weightlaw scan normal.safetensors --quick --check 'dead_rows==0,weibull.k>2,ggd.shape<1'
echo "exit $?"
weightlaw scan normal.safetensors --quick --check 'nonfinite>0' --json | grep -A 2 '"check"'
weightlaw scan normal.safetensors --csv | cut -d , -f 1-8
weightlaw scan normal.safetensors normal.safetensors --quick --csv | cut -d , -f 1-4
weightlaw graphs --degree 1 --csv | head -n 2 | cut -d , -f 1-3
weightlaw scan normal.safetensors --csv --json
echo "exit $?"
weightlaw scan normal.safetensors --check 'weibul.k>1'
echo "exit $?"
weightlaw scan normal.safetensors --chekc 'nonfinite==0'
echo "exit $?"
weightlaw scan normal.safetensors --tensor 'q_proj'
echo "exit $?"
weightlaw scan
echo "exit $?"
weightlaw scan nosuch.safetensors
echo "exit $?"
weightlaw scan .
echo "exit $?"
mkfifo pipe
weightlaw scan pipe
echo "exit $?"
printf 'not a checkpoint' > text
weightlaw scan text 2> /dev/null
echo "exit $?"
