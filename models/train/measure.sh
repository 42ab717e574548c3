#!/usr/bin/env bash
# Measures a network in the YOLOX convention on everything that is there: measure.sh FILE.onnx FOLDER
# FOLDER holds valid/ (rendered pictures) and gets quality.jsonl, which ship.py puts into a manifest.
set -euo pipefail

file=${1:?usage: measure.sh FILE.onnx FOLDER}
folder=${2:?usage: measure.sh FILE.onnx FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
rm -f "$folder/quality.jsonl"
measure() { "$python" "$here/evaluate.py" "$@" --record "$folder/quality.jsonl"; }

measure rendered "$file" "$folder/valid" --name "240 rendered pictures of other places"
if [ -z "${GRIDWATCH_DATA:-}" ]; then
    echo "measure.sh: GRIDWATCH_DATA is not set: nothing real to measure on"
    exit
fi
[ -e "$folder/evaluation/labels.jsonl" ] || "$python" "$here/../evaluation/pictures.py" "$GRIDWATCH_DATA" "$folder/evaluation"
measure rendered "$file" "$folder/evaluation" --name "54 real pictures (models/evaluation)"
measure pklot "$file" "$GRIDWATCH_DATA"/pklot/sequence{3,4} --name "PKLot sequences 3 and 4 (0 to 2 of the same camera were trained on)"
measure empty "$file" "$GRIDWATCH_DATA/videos/pklot_empty_day_2013-02-24.mp4" --name "PKLot, one day of the empty lot (5 of its 152 pictures were trained on)"
