# fish completion of jeton(1). What there is to complete, `jeton complete` says.

function __jeton_complete
	set -l words (commandline -opc)
	set -l typed (commandline -ct)
	set -l candidates (jeton complete -- $words[2..-1] "$typed" 2>/dev/null)
	if string match -q ':file*' -- "$candidates"
		set -l option (string match -r -- '^--[^=]*=' "$typed")
		for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' "$typed"))
			echo "$option$path"
		end
	else
		printf '%s\n' $candidates
	end
end

complete -c jeton -f -a '(__jeton_complete)'
