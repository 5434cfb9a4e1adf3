#!/bin/sh
# terminal.sh JOBS
#
# jobs on a terminal of its own, which script(1) makes: the keys are typed as bytes, and the terminal is put back as it
# was, also when a signal ends jobs. Each key is typed when the screen shows what it waits for: nothing depends on time.
jobs=$1

if ! script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    echo "SKIPPED: script(1) of util-linux does not work here: nothing types on a terminal"
    exit 77
fi

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
screen=$scratch/screen
: >"$screen"

fail() {
    echo "FAILED: $1"
    echo "--- screen:"
    cat "$screen"
    exit 1
}

# appears N TEXT: waits until N lines of the screen have TEXT; gives up after a minute.
appears() {
    tries=0
    until [ "$(grep -cF -e "$2" "$screen")" -ge "$1" ]; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || return 1
        sleep 0.05
    done
}
type_when() {
    appears "$1" "$2" || return 1
    printf "$3"
}

# On the terminal: two sessions, and its modes before, between and after.
cat >"$scratch/sessions" <<EOF
stty -a >"$scratch/before"
"$jobs" --tick 5
echo "first: \$?"
stty -a >"$scratch/between"
sh -c 'echo \$\$ >"$scratch/pid" && exec "$jobs" --tick 5'
echo "second: \$?"
stty -a >"$scratch/after"
EOF

typist() {
    type_when 1 'help' 'sleep 1000000\n' &&
        type_when 1 '$ sleep 1000000' '\032' &&
        type_when 1 'Stopped (SIGTSTP)' 'bgx\177\n' && # the terminal still edits its lines
        type_when 1 '[1] sleep 1000000 &' 'fg\n' &&
        type_when 2 'sleep 1000000' '\003' &&
        type_when 1 '^C' 'echo $?\n' &&
        type_when 1 '130' 'cat\nabc\n' &&
        type_when 2 'abc' '\004' && # once echoed, once copied
        type_when 1 '$ ' 'exit 7\n' &&
        appears 2 'help' && kill -TERM "$(cat "$scratch/pid")" &&
        appears 1 'second: '
}
typist | script -qefc "sh $scratch/sessions" /dev/null >"$screen" 2>&1

grep -qF 'first: 7' "$screen" || fail "the first session should end with 7"
grep -qF 'second: 143' "$screen" || fail "the second session should end by SIGTERM"
cmp "$scratch/before" "$scratch/between" || fail "the terminal has other modes after exit"
cmp "$scratch/before" "$scratch/after" || fail "the terminal has other modes after SIGTERM"
