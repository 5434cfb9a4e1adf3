#!/bin/sh
# check.sh STATUS DIFFERENCES SHADOW [ARG...]
#
# Runs shadow and checks its exit status and its last line. DIFFERENCES: 0, `some`, or `-` for "no last line at all".
# NEEDS, in the environment: a command that has to succeed on this machine, or else the test is skipped.
# PREDICTED, in the environment: how many predictions have to be made at least; `wrong` instead: one at least is wrong.
# EXPECT, in the environment: a text that has to be on standard error; EXPECT_OUT: the whole of standard output.
status=$1
differences=$2
shift 2

if [ -n "$NEEDS" ] && ! sh -c "$NEEDS" >/dev/null 2>&1; then
    echo "SKIPPED: '$NEEDS' does not work here"
    exit 77
fi

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
"$@" >"$scratch/out" 2>"$scratch/err"
got=$?

fail() {
    echo "FAILED: $1"
    echo "--- command: $*"
    echo "--- standard output:"
    cat "$scratch/out"
    echo "--- standard error:"
    cat "$scratch/err"
    exit 1
}

if [ $got -eq 77 ] && [ "$status" != 77 ]; then
    echo "SKIPPED: $(cat "$scratch/err")"
    exit 77
fi
[ $got -eq "$status" ] || fail "exit status $got, expected $status"

lines=$(grep -c '^events [0-9]*, comparisons [0-9]*, differences [0-9]*$' "$scratch/err")
last=$(tail -n 1 "$scratch/err")
case $differences in
-) [ "$lines" -eq 0 ] || fail "there should be no line of totals" ;;
*) [ "$lines" -eq 1 ] || fail "$lines lines of totals, expected 1" ;;
esac
case $differences in
0)
    case $last in
    *", differences 0") ;;
    *) fail "the last line is '$last'" ;;
    esac
    case $last in
    "events 0,"* | *"comparisons 0,"*) fail "nothing was followed: '$last'" ;;
    esac
    ;;
some)
    case $last in
    *", differences 0") fail "no difference was found" ;;
    esac
    grep -q '^difference 1 after event .*the library says: .*the kernel says: ' "$scratch/err" ||
        fail "no difference was told in full"
    ;;
esac

if [ -n "$PREDICTED" ]; then
    totals=$(sed -n 's/^predictions \([0-9]*\), wrong \([0-9]*\), not predicted [0-9]*$/\1 \2/p' "$scratch/err")
    predictions=${totals% *}
    wrong=${totals#* }
    case $PREDICTED in
    wrong)
        [ "$wrong" -gt 0 ] || fail "no prediction was wrong: '$totals'"
        grep -qE "^difference [0-9]* after .*(setpgid|ioctl|setsid|wait4).* by [0-9]*: the library says: .*the kernel says: " \
            "$scratch/err" || fail "no wrong prediction was told in full"
        ;;
    *) [ "$predictions" -ge "$PREDICTED" ] && [ "$wrong" -eq 0 ] || fail "predictions and wrong ones: '$totals'" ;;
    esac
fi
if [ -n "$EXPECT" ]; then
    grep -qF -e "$EXPECT" "$scratch/err" || fail "standard error lacks '$EXPECT'"
fi
if [ -n "${EXPECT_OUT+set}" ]; then
    [ "$(cat "$scratch/out")" = "$EXPECT_OUT" ] || fail "standard output is not '$EXPECT_OUT'"
fi
exit 0
