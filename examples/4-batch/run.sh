#!/bin/sh
# Several actions, one question.
#
# What a job has collected is put to a person as one batch, in which each item can be read. The
# answer may differ from item to item: only what was allowed is carried out.
#
#   ./run.sh [BATCH.jsonl]     one JSON object on each line: {"action": NAME, …its parameters}
set -eu
countersign=${COUNTERSIGN:-countersign}
batch=${1:-$(dirname "$0")/nightly.jsonl}

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
code=0
"$countersign" request --json --batch "$batch" \
    --description "Nightly maintenance" \
    --reasoning "Collected between 00:00 and 06:00 UTC" \
    >"$answer" || code=$?

# 0: all of it; 10: at least one item was denied; 12: a policy blocks one. Everything else: nothing.
case $code in
0 | 10 | 12) ;;
*) exit "$code" ;;
esac

# Each allowed item, by its line in the file. A real job reads the document with a JSON parser.
tr '{' '\n' <"$answer" | sed -n 's/.*"given":\([0-9]*\),"decision":"allowed".*/\1/p' |
    while read -r line; do
        echo "carrying out: $(grep -v '^[[:space:]]*$' "$batch" | sed -n "${line}p")"
    done
exit "$code"
