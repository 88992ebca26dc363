# The invariants: lists, one graph described, and what is refused.
weightlaw graphs --degree 3 --family bipartite
weightlaw graphs --degree 2 --connected | tail -n 3
weightlaw graphs --graph "7-3, 3-5, 5-7"
weightlaw graphs --graph 0-0,1-2
for degree in 1 2 3 4 5 6; do weightlaw graphs --degree $degree | sed -n 1p; done
weightlaw graphs --degree 1 --family antisymmetric
weightlaw graphs --graph 1-0,2-1 --family bipartite
echo "exit $?"
weightlaw graphs --graph 0:1
echo "exit $?"
weightlaw graphs --graph 0-1 --degree 3
echo "exit $?"
weightlaw graphs --graph '0-1;0-2'
echo "exit $?"
weightlaw graphs 0-1
echo "exit $?"
weightlaw graphs --degree 7
echo "exit $?"
