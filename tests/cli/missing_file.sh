# Inputs that are not there or are not what they should be, outputs that exist: a sentence each, documented exit codes.
weightlaw fit nosuch.npy
echo "exit $?"
weightlaw fit .
echo "exit $?"
printf 'not an array' > text.npy
weightlaw fit text.npy
echo "exit $?"
weightlaw report nosuch -o r.html
echo "exit $?"
weightlaw train nosuch -o run
echo "exit $?"
weightlaw train synthetic
echo "exit $?"
weightlaw compare only-one
echo "exit $?"
weightlaw data lits
echo "exit $?"
ls
