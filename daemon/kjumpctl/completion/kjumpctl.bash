# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# bash completion of kjumpctl.  Verbs and options are those that --help tells:
# there is no second list that could be out of date.

_kjumpctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} verb='' i words=''

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] && continue
		verb=${COMP_WORDS[i]}
		break
	done
	if [[ $cur == -* ]]; then
		words=$(kjumpctl ${verb:+"$verb"} --help 2> /dev/null |
			grep -oE -- '--[a-z][a-z-]+' | sort -u)
	elif [[ ! $verb ]]; then
		words=$(kjumpctl --help 2> /dev/null |
			sed -n '/^Verbs:/,$s/^  \([a-z][a-z-]*\) .*/\1/p')
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _kjumpctl kjumpctl
