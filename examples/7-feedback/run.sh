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
[ $# -ge 2 ] || { echo "usage: $0 ADJUST COMMAND" >&2 && exit 2; }
adjust=$1
command=$2
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT

# The text that a JSON text stands for. A real program reads the report with a JSON parser.
plain() {
    awk '{
        rest = $0
        text = ""
        while (match(rest, /\\./)) {
            letter = substr(rest, RSTART + 1, 1)
            text = text substr(rest, 1, RSTART - 1)
            rest = substr(rest, RSTART + 2)
            if (letter == "n") text = text "\n"
            else if (letter == "t") text = text "\t"
            else if (letter == "u") { text = text "?"; rest = substr(rest, 5) }
            else if (letter !~ /[bfr]/) text = text letter
        }
        print text rest
    }'
}

why="Cleaning up disk space"
for try in 1 2 3; do
    code=0
    "$countersign" run --report "$report/report.json" \
        --description "Execute: $command" --reasoning "$why" \
        -- sh -c "$command" || code=$?
    verdict=$(sed -n 's/.*"verdict": "\([a-z_]*\)".*/\1/p' "$report/report.json")
    [ "$verdict" = denied ] || exit "$code"
    reason=$(sed -n 's/^  "reason": "\(.*\)",*$/\1/p' "$report/report.json" | plain)
    if [ -z "$reason" ]; then
        echo "denied without a reason: giving up" >&2
        exit "$code"
    fi
    why="Adjusted after a denial: $reason"
    command=$("$adjust" "$command" "$reason")
    echo "try $try was denied ($reason); trying: $command" >&2
done
exit "$code"
