# bash completion of jeton(1). What there is to complete, `jeton complete` says.

_jeton() {
	local words=() word is_cut='' typed=${COMP_WORDS[COMP_CWORD]} cut candidate i

	# readline cuts words at = and : and gives these as words too; for jeton they are one.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ ${#words[@]} -gt 0 && ($is_cut || $word == [=:]*) ]]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
		fi
		is_cut=${word##*[!=:]*}
	done
	[[ $typed != [=:]* ]] || typed=
	cut=${words[${#words[@]} - 1]%"$typed"}

	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		if [[ $candidate == :file ]]; then
			compopt -o filenames 2>/dev/null
			while read -r candidate; do
				COMPREPLY+=("$candidate")
			done < <(compgen -f -- "$typed")
		else
			COMPREPLY+=("${candidate#"$cut"}")
		fi
	done < <(jeton complete -- "${words[@]}" 2>/dev/null)
}

complete -F _jeton jeton
