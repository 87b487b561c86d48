#!/bin/bash
# Shows one login from end to end: tests/demo.sh BUILD (make demo calls it).
#
# A private daemon without root, in a folder of its own under /tmp; every command is shown as a person
# would type it, with its answer. Everything is stopped and removed at the end, also after a failure.
# Called as root it hands over to an unprivileged account, because root has no login of jeton's.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}

if [ "$(id -u)" = 0 ]; then
	account=$(id -un games 2>/dev/null || id -un daemon)
	copy=$(mktemp -d /tmp/jeton-demo.XXXXXX)
	trap 'rm -rf "$copy"' EXIT
	mkdir "$copy/tests"
	cp -r "$build" "$copy/build"
	cp -r examples "$copy/"
	cp tests/demo.sh "$copy/tests/"
	chown -R "$account:" "$copy"
	cd /
	setpriv --reuid "$account" --regid "$(id -g "$account")" --clear-groups --inh-caps=-all \
		env -i PATH="$PATH" TERM="${TERM:-dumb}" bash "$copy/tests/demo.sh" build
	exit
fi

account=$(id -un)
folder=$(mktemp -d /tmp/jeton-demo.XXXXXX)
daemon=
stop() {
	local status=$?
	if [ "$status" != 0 ] && [ -e "$folder/jetond.log" ]; then
		printf '\nThis should not have happened; what the daemon logged:\n' >&2
		cat "$folder/jetond.log" >&2
	fi
	if [ -n "$daemon" ]; then
		kill "$daemon" 2>/dev/null || true
		wait "$daemon" 2>/dev/null || true
	fi
	rm -rf "$folder"
}
trap stop EXIT

here=$PWD
socket=$folder/state/run/jeton.sock
export PATH="$here/$build/bin:$here/$build/examples:$here/examples:$PATH" JETON_SOCKET="$socket"
# The person's, and nobody else's.
password='correct horse battery staple'

title() {
	if [ -t 1 ]; then
		printf '\n\033[1m%s\033[0m\n' "$*"
	else
		printf '\n%s\n' "$*"
	fi
}

# Shows a command and its answer, long lines cut.
run() {
	printf '  $ %s\n' "$1"
	eval "$1" 2>&1 | awk '{ print "    " (length > 150 ? substr($0, 1, 147) "..." : $0) }'
}

refused() {
	! run "$1" || { echo "this should have been refused" >&2; exit 1; }
}

title "1. A private daemon, without root, in $folder/state"
cd "$folder"
mkdir state
echo 'min-uid = 1' >state/jetond.conf
printf '  $ jetond --state state &\n'
"$here/$build/bin/jetond" --programs "$here/$build/libexec" --state "$folder/state" 2>jetond.log &
daemon=$!
answers() { curl -sf --max-time 2 --unix-socket "$socket" http://jeton/health >/dev/null; }
for _ in $(seq 100); do
	answers && break
	kill -0 "$daemon" 2>/dev/null || break
	sleep 0.1
done
answers
run 'curl -s --unix-socket state/run/jeton.sock http://jeton/health'
run "ps -o pid=,args= --ppid $daemon | sed 's| .*/| |'"

title "2. A person, in the embedded database"
run "echo '$password' | jeton user add alice --full-name 'Alice Example' --password-stdin"
run 'jeton user list'

title "3. A login over the socket with curl, and who that is"
run "curl -s --unix-socket state/run/jeton.sock -d username=alice --data-urlencode 'password=$password' http://jeton/token | tee answer.json"
run "sed 's/.*\"access_token\": *\"\([^\"]*\)\".*/\1/' answer.json >token"
run 'curl -s --unix-socket state/run/jeton.sock -H "Authorization: Bearer $(cat token)" http://jeton/users/me'

title "4. The same with the jeton command"
run "echo '$password' | jeton login alice --password-stdin >token"
run 'jeton whoami --token-file token'
run 'jeton verify <token'

title "5. An independent library (PyJWT) verifies the token with the published keys"
run 'curl -s --unix-socket state/run/jeton.sock http://jeton/.well-known/oauth-authorization-server >metadata.json'
run 'curl -s --unix-socket state/run/jeton.sock http://jeton/.well-known/jwks.json | tee jwks.json'
run 'verify_token.py metadata.json jwks.json <token'
printf '  and refuses it when one character is another:\n'
refused "sed 's/A\(.\{9\}\)$/B\1/; t; s/.\(.\{9\}\)$/A\1/' token | verify_token.py metadata.json jwks.json"

title "6. A wrong password"
run "curl -s -w ' (%{http_code})\n' --unix-socket state/run/jeton.sock -d username=alice -d password=wrong http://jeton/token"

title "7. A login through PAM: alice is linked to the local account $account, which the stack below lets in"
run "jeton user link alice $(id -u)"
mkdir pam.d
for phase in auth account; do
	echo "$phase required $here/$build/lib/pam_jeton.so socket=$socket min_uid=1"
done >pam.d/demo
run 'cat pam.d/demo'
run "echo '$password' | pam-login pam.d demo $account"
refused "echo wrong | pam-login pam.d demo $account"

title "8. What the daemon logged"
run 'cat jetond.log'

title "9. The daemon is stopped; verifying goes on without it, logging in does not"
kill "$daemon"
wait "$daemon" || true
daemon=
run 'jeton verify <token'
refused "echo '$password' | pam-login pam.d demo $account"

printf '\nThat was a login from end to end. %s is removed.\n' "$folder"
