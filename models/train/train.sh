#!/usr/bin/env bash
# Trains, exports and measures a network in one go: ./train.sh DATASET OUT [--effort F] [other options of train.py]
# DATASET holds train/ and valid/, as README.md tells. Stop it at any time; the same command goes on where it was.
set -euo pipefail

dataset=${1:?usage: train.sh DATASET OUT [options of train.py]}
out=${2:?usage: train.sh DATASET OUT [options of train.py]}
shift 2
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
# Threads that wait must not spin: they share the cores with the process that prepares the pictures.
export OMP_WAIT_POLICY=PASSIVE

"$python" "$here/train.py" "$dataset/train" "$out" "$@"
"$python" "$here/export.py" "$out/checkpoint.pt" "$out/network.onnx"
rm -f "$out/quality.jsonl"
"$python" "$here/evaluate.py" rendered "$out/network.onnx" "$dataset/valid" --name "rendered scenes, other seed" --record "$out/quality.jsonl"
sha256sum "$out/network.onnx"
