# Values that cannot be: each a sentence and exit 2.
try() {
  weightlaw train synthetic "$@"
  echo "exit $?"
}
try --networks ten
try --networks=-1
try --networks 1e3
try --networks 99999999999999999999999
try --networks
try --networks --force
try -n
try --lr nan
try --lr ''
try --optimizer adm
try --optimizer ''
try --json=perhaps
try --hidden 10,,10
try --hidden 10,x
try --threads 4096
try --seed 18446744073709551616
