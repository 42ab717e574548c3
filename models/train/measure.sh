#!/usr/bin/env bash
# Measures a network in the YOLOX convention on everything that is there: measure.sh FILE.onnx FOLDER
# FOLDER holds valid/ (rendered pictures) and gets quality.jsonl, which ship.py puts into a manifest.
# GRIDWATCH names the program (default: target/release/gridwatch), PYTHON the Python.
set -euo pipefail

file=${1:?usage: measure.sh FILE.onnx FOLDER}
folder=${2:?usage: measure.sh FILE.onnx FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
gridwatch=${GRIDWATCH:-$here/../../target/release/gridwatch}
if ! "$gridwatch" models list >/dev/null; then
    echo "measure.sh: $gridwatch does not run: cargo build --release && eval \"\$(./dev env)\"" >&2
    exit 1
fi
mkdir -p "$folder/measured"
rm -f "$folder/quality.jsonl"
sed -n 's/^labels = \[\(.*\)\]/\1/p' "$here/../yard-n/manifest.toml" | tr -d '" ' | tr ',' '\n' >"$folder/measured/labels.txt"
precision() {
    "$gridwatch" models evaluate "$file" --labels "$folder/measured/labels.txt" --data "$1" --out "$folder/measured" --runs 0
    "$python" "$here/figures.py" "$folder/measured/evaluation.json" "$2" "$folder/quality.jsonl"
}
measure() { "$python" "$here/evaluate.py" "$@" --record "$folder/quality.jsonl"; }

precision "$folder/valid" "$(wc -l <"$folder/valid/labels.jsonl") rendered pictures of other places"
if [ -z "${GRIDWATCH_DATA:-}" ]; then
    echo "measure.sh: GRIDWATCH_DATA is not set: nothing real to measure on"
    exit
fi
[ -e "$folder/evaluation/labels.jsonl" ] || "$python" "$here/../evaluation/pictures.py" "$GRIDWATCH_DATA" "$folder/evaluation"
precision "$folder/evaluation" "$(wc -l <"$folder/evaluation/labels.jsonl") real pictures (models/evaluation)"
measure pklot "$file" "$GRIDWATCH_DATA"/pklot/sequence{3,4} --name "PKLot sequences 3 and 4 (0 to 2 of the same camera were trained on)"
measure empty "$file" "$GRIDWATCH_DATA/videos/pklot_empty_day_2013-02-24.mp4" --name "PKLot, one day of the empty lot (5 of its 152 pictures were trained on)"
