# A mistyped command: the nearest one; nothing near: the list. Options before the command.
weightlaw tarin run
echo "exit $?"
weightlaw xyzzyxyzzy
echo "exit $?"
weightlaw --json fit run
