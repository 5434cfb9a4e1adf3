#!/bin/sh
# check.sh STATUS INPUT EXPECTED JOBS [ARG...]
#
# Runs jobs with INPUT as its standard input, and checks its exit status and all that it prints against EXPECTED: a file,
# or `-` for a text in the environment that has to be there: EXPECT on standard output, EXPECT_ERR on standard error.
status=$1
input=$2
expected=$3
shift 3

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
"$@" <"$input" >"$scratch/out" 2>"$scratch/err"
got=$?

fail() {
    echo "FAILED: $1"
    echo "--- standard output:"
    cat "$scratch/out"
    echo "--- standard error:"
    cat "$scratch/err"
    exit 1
}

[ $got -eq "$status" ] || fail "exit status $got, expected $status"
if [ "$expected" != - ]; then
    diff -u "$expected" "$scratch/out" || fail "the output is not that of $expected"
    [ ! -s "$scratch/err" ] || fail "there should be nothing on standard error"
    exit 0
fi
[ -n "$EXPECT$EXPECT_ERR" ] || fail "this test expects nothing"
[ -z "$EXPECT" ] || grep -qF -e "$EXPECT" "$scratch/out" || fail "standard output lacks '$EXPECT'"
[ -z "$EXPECT_ERR" ] || grep -qF -e "$EXPECT_ERR" "$scratch/err" || fail "standard error lacks '$EXPECT_ERR'"
