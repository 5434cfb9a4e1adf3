#!/bin/sh
# must_fail.sh OUTCOME TIMES sh boot.sh NAME ARCH PROCESSORS IMAGE
#
# Passes if boot.sh fails and says "boot NAME: OUTCOME" (a regular expression) in one of that many boots; skips as it does.
outcome=$1 times=$2
shift 2
name=$3
output=$(mktemp)
trap 'rm -f "$output"' EXIT
for i in $(seq "$times"); do
    "$@" >"$output"
    status=$?
    cat "$output"
    [ "$status" -ne 77 ] || exit 77
    if [ "$status" -eq 1 ] && grep -q "^boot $name: FAILED: $outcome" "$output"; then
        exit 0
    fi
done
echo "boot $name did not fail as it must ($outcome), in $times boots"
exit 1
