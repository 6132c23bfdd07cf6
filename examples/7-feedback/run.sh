#!/bin/sh
# A denial is a course correction.
#
# A command is asked about. Where it is denied with a reason, something that can read the reason (a
# model, a person, here a program) says what to try instead, at most three times. Each try is a
# request of its own.
#
#   ./run.sh ADJUST COMMAND      ADJUST is called with the command and the reason, and prints another
set -eu
countersign=${COUNTERSIGN:-countersign}
adjust=$1
command=$2
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT

why="Cleaning up disk space"
for try in 1 2 3; do
    code=0
    "$countersign" run --report "$report/report.json" \
        --description "Execute: $command" --reasoning "$why" \
        -- sh -c "$command" || code=$?
    verdict=$(sed -n 's/.*"verdict": "\([a-z_]*\)".*/\1/p' "$report/report.json")
    [ "$verdict" = denied ] || exit "$code"
    reason=$(sed -n 's/^  "reason": "\(.*\)",*$/\1/p' "$report/report.json")
    if [ -z "$reason" ]; then
        echo "denied without a reason: giving up" >&2
        exit "$code"
    fi
    why="Adjusted after a denial: $reason"
    command=$("$adjust" "$command" "$reason")
    echo "try $try was denied ($reason); trying: $command" >&2
done
exit "$code"
