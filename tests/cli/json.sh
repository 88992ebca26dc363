# --json is one JSON document with a schema on standard output and nothing else there; the bytes repeat.
small="--networks 3 --epochs 1 --hidden 4,4 --synthetic-train 200 --synthetic-test 50 --synthetic-features 5 --json"
is_json() {
  if command -v python3 > /dev/null; then python3 -c 'import json, sys; json.load(sys.stdin)' < "$1"; fi
  grep -o '"schema": "[^"]*"' "$1" | tail -n 1
}
weightlaw train synthetic -o run $small > train.json && is_json train.json
weightlaw fit run --tensor layer2.weight --law iid --json > fit.json && is_json fit.json
weightlaw fit run --tensor layer2.weight --law iid --json --threads 1 | cmp - fit.json
weightlaw compare run@1 run@0 --tensor layer2.weight --law iid --json > compare.json && is_json compare.json
weightlaw report run -o report.html --json > report.json && is_json report.json
weightlaw report run -o report.html --json > again.json
echo "exit $?"
ls
weightlaw graphs --degree 3 --json > graphs.json && is_json graphs.json
weightlaw data list --json > data.json && is_json data.json
weightlaw fit run --tensor layer2.weight --json > /dev/full
echo "exit $?"
