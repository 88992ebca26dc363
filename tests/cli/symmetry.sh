# Matrices with a symmetry of their own: drawn, found by fit and compare, refused under another law's name.
set -e
weightlaw draw 'zero-diagonal(mean=2,V0=3,H=[4,0.5,0.5,3],V2=1,V3=0.5)' --shape 60,5,5 -o hollow.npy >/dev/null
weightlaw draw 'symmetric(V0=[1,0,0,1],VH=[1,0,0,1],V2=1)' --shape 60,5,5 -o even.npy >/dev/null
weightlaw draw 'antisymmetric(VH=1,V3=2)' --shape 60,5,5 -o odd.npy >/dev/null
weightlaw fit hollow.npy
weightlaw fit odd.npy
weightlaw fit even.npy --json | grep -e '"law"' -e chosen_because
weightlaw fit odd.npy --json > odd.json
# Ones on the diagonal, as correlations have.
weightlaw draw 'symmetric(mean=[1,2],V0=[4,-2,-2,1],VH=[3,-2.449489742783178,-2.449489742783178,2],V2=1)' \
  --shape 60,5,5 -o ones.npy >/dev/null
weightlaw fit ones.npy | sed -n '/^- /,$p'
weightlaw compare @odd.json 'antisymmetric(VH=1,V3=2)'
weightlaw compare even.npy hollow.npy --json | grep -E '"(law|kl_ab|reason)"'
for law in symmetric symmetric-zero-diagonal antisymmetric; do
  weightlaw fit hollow.npy --law $law || echo "exit $?"
done
weightlaw draw 'antisymmetric(VH=1,V3=2)' --shape 1,1 -o nothing.npy || echo "exit $?"
