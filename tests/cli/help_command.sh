# Help of every command: the examples come first; both spellings agree.
for command in train fit scan compare report graphs data; do
  weightlaw help $command > help.txt
  weightlaw $command --help | cmp - help.txt
  weightlaw $command operand -h | cmp - help.txt
  sed -n '1p;/^examples$/p;/^options$/p;/^options of every command$/p' help.txt
  awk 'length > 80 && !/^  weightlaw/ { print "too wide: " $0 }' help.txt
done
weightlaw help fti
echo "exit $?"
weightlaw help fit train
echo "exit $?"
