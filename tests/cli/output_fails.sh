# Standard output that cannot be written: a sentence and exit 4, never silence.
weightlaw help > /dev/full
echo "exit $?" >&2
weightlaw man train >&-
echo "exit $?" >&2
weightlaw completion bash > /dev/full
echo "exit $?" >&2
# a pipe whose reader has gone
mkfifo pipe
(exec 3< pipe; exec 3<&-) &
reader=$!
{
  wait $reader
  weightlaw help
  echo "exit $?" >&2
} > pipe
