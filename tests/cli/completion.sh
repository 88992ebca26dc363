# The scripts parse, where their shell is there, and bash proposes commands, options and choices.
weightlaw completion bash > bash.txt
bash -n bash.txt || echo "bash: syntax"
weightlaw completion zsh > zsh.txt
if command -v zsh > /dev/null; then zsh -n zsh.txt || echo "zsh: syntax"; fi
weightlaw completion fish > fish.txt
if command -v fish > /dev/null; then fish -n fish.txt || echo "fish: syntax"; fi
grep -c '^complete -c weightlaw -f -n __fish_use_subcommand' fish.txt

cat > propose.bash <<'END'
source bash.txt
propose() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _weightlaw
  echo "${COMPREPLY[*]}"
}
propose weightlaw t
propose weightlaw help co
propose weightlaw train synthetic --net
propose weightlaw train synthetic --optimizer ad
propose weightlaw train synthetic --networks ''
propose weightlaw fit ba
END
bash propose.bash

weightlaw completion tcsh
