# Mistyped options: long, with a value, short, and far from everything.
weightlaw train synthetic --netwroks 3
echo "exit $?"
weightlaw train synthetic --optimiser=adam
echo "exit $?"
weightlaw train synthetic -X
echo "exit $?"
weightlaw train synthetic --no-optimizer
echo "exit $?"
weightlaw train synthetic --xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
echo "exit $?"
weightlaw train synthetic "$(printf -- '--net\033[31m')"
