#!/bin/sh
# One agent, one person.
#
# A command that deletes something is held until somebody has signed exactly this command, and then
# exactly it runs, once. `run` enforces: there is no way from the answer "no" to the deletion.
#
#   ./run.sh [DIRECTORY]
set -eu
countersign=${COUNTERSIGN:-countersign}
directory=${1:-build}

exec "$countersign" run \
    --description "Remove the temporary build directory" \
    --reasoning "The build cache is stale" \
    -- rm -rf "$directory"
