# The version, and what is named beside it.
weightlaw --version | head -n 1
weightlaw --version | sed 's/: ..*/: .../'
weightlaw --version extra
