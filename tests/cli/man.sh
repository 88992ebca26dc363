# Manual pages: groff has nothing to complain about, and the text is there.
for command in '' train fit compare report graphs data; do
  weightlaw man $command > page.1 # no quotes: no word for the overview
  if command -v groff > /dev/null; then groff -man -ww -z -Tutf8 page.1; fi
  grep '^\.TH' page.1
done
weightlaw man train | grep -c '^\.TP' | awk '{ print ($1 > 20 ? "options there" : "options missing") }'
weightlaw man nosuch
