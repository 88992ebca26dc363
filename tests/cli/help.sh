# The overview, in both spellings.
weightlaw help
weightlaw --help > again.txt
weightlaw -h | cmp - again.txt
weightlaw help | cmp - again.txt
