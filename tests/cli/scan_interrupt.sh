# Ctrl-C during the scan of a large file (sparse: 4 GB of bf16 zeros) ends it at once, exit 130, nothing printed.
header='{"w":{"dtype":"BF16","shape":[40000,50000],"data_offsets":[0,4000000000]}}        '
printf '\120\000\000\000\000\000\000\000' > large.safetensors
printf '%s' "$header" | head -c 80 >> large.safetensors
truncate -s 4000000088 large.safetensors
env --default-signal=INT weightlaw scan large.safetensors --progress always > out.txt 2> err.txt &
pid=$!
sleep 0.5
kill -INT $pid
wait $pid
echo "exit $?"
wc -c < out.txt
grep -q '%  w$' err.txt && echo "progress shown"
tail -n 1 err.txt
rm large.safetensors
