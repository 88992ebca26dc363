# Checkpoints over time, and two of them side by side; a run's networks pooled; what is refused.
set -e
weightlaw draw 'normal(sd=1)' --shape 60,40 -o step100.safetensors >/dev/null
weightlaw draw 'normal(sd=2)' --shape 60,40 -o step200.safetensors --seed 2 >/dev/null
weightlaw draw 'uniform(sd=0.5)' --shape 60,40 -o step300.safetensors --seed 3 >/dev/null
weightlaw track step100.safetensors step200.safetensors step300.safetensors --spectra
weightlaw track step100.safetensors step200.safetensors --csv | cut -d, -f1-7
weightlaw track step200.safetensors step100.safetensors | tail -1
weightlaw compare step100.safetensors step200.safetensors
weightlaw compare step100.safetensors step100.safetensors
weightlaw compare step100.safetensors step200.safetensors --json | grep -E '"(schema|identical|severity)"'
weightlaw compare step100.safetensors step200.safetensors --csv | head -1
weightlaw draw 'normal(sd=1)' --shape 30,4,5 -o networks.safetensors >/dev/null
weightlaw compare networks.safetensors networks.safetensors --json | grep '"schema"'
weightlaw track step100.safetensors || echo "exit $?"
weightlaw track step100.safetensors nowhere.safetensors || echo "exit $?"
weightlaw compare step100.safetensors step200.safetensors --tensor nothing || echo "exit $?"
weightlaw compare networks.safetensors networks.safetensors --heads 4 || echo "exit $?"
