#!/bin/sh
# Whoever does not answer in time hands the question on.
#
# A hotfix is put to the engineer on call. Where nobody answers in time the team's lead is asked, and
# then the director; each is told who did not answer. A denial ends it: nobody is asked after a no.
# The turns together must fit into the time that the policy gives (`timeout`).
#
#   ./run.sh COMMAND [ARGUMENT…]
#
# How long they have: FIRST [60s] for the one on call, NEXT [30s] for each of the others. The chain:
# ON_CALL, LEAD, DIRECTOR.
set -eu
countersign=${COUNTERSIGN:-countersign}
[ $# -ge 1 ] || { echo "usage: $0 COMMAND [ARGUMENT…]" >&2 && exit 2; }
next=${NEXT:-30s}

exec "$countersign" run \
    --to "${ON_CALL:-on-call-eng}" --ttl "${FIRST:-60s}" \
    --escalate "${LEAD:-team-lead}:$next,${DIRECTOR:-eng-director}:$next" \
    --description "Deploy security hotfix to production" \
    --reasoning "Critical security patch" \
    -- "$@"
