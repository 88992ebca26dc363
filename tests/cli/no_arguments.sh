# No arguments: the overview on standard error, exit 2.
weightlaw
