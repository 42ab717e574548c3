#!/usr/bin/env bash
# Renders data sets of 96 pictures of 960x540 into folders of their own: render.sh DATASET_PROGRAM OUT WORKERS SETS_EACH
# Set N of worker W has the seed 10000 W + N, so that the same numbers give the same pictures on any machine. Folders that are
# there already are left as they are; a set is whole when its labels.jsonl is there.
set -euo pipefail
program=${1:?usage: render.sh DATASET_PROGRAM OUT WORKERS SETS_EACH}
out=${2:?folder}
workers=${3:?number}
sets=${4:?number}
mkdir -p "$out"

work() {
    for ((n = 1; n <= sets; n++)); do
        folder="$out/$(printf 'w%02d-%04d' "$1" "$n")"
        [ -e "$folder/labels.jsonl" ] || RAYON_NUM_THREADS=1 "$program" "$folder" 96 $((10000 * $1 + n)) 960x540 2>/dev/null
    done
}
for ((w = 1; w <= workers; w++)); do work "$w" & done
wait
