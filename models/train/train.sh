#!/usr/bin/env bash
# Renders, labels, trains, exports and measures in one go; eight_bits.sh then makes the 8-bit networks: train.sh OUT [--sets N] [options of train.py]
# Stop it at any time; the same command goes on where it was. README.md tells what it needs and how long it takes.
set -euo pipefail

out=${1:?usage: train.sh OUT [--sets N] [options of train.py]}
shift
sets=250
if [ "${1:-}" = --sets ]; then
    sets=$2
    shift 2
fi
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
cores=$(nproc)
# What is rendered does not depend on the machine: 13 workers' seeds, whoever makes them.
workers=13
mkdir -p "$out/rendered" "$out/valid"
# Before hours of training: measuring needs it.
if ! "${GRIDWATCH:-$here/../../target/release/gridwatch}" models list >/dev/null; then
    echo "train.sh: no program to measure with: cargo build --release && eval \"\$(./dev env)\"" >&2
    exit 1
fi

echo "train.sh: building the renderer"
cargo build --quiet --release --locked --manifest-path "$here/../../Cargo.toml" -p gridwatch-sim --example dataset
program="$here/../../target/release/examples/dataset"

echo "train.sh: rendering $((workers * ((sets + workers - 1) / workers))) sets of 96 pictures with $cores cores"
"$here/render.sh" "$program" "$out/rendered" "$workers" "$(((sets + workers - 1) / workers))"
[ -e "$out/valid/labels.jsonl" ] || "$program" "$out/valid" 240 7 960x540

real=()
if [ -n "${GRIDWATCH_DATA:-}" ]; then
    echo "train.sh: labelling the training share of $GRIDWATCH_DATA"
    [ -e "$out/real/labels.jsonl" ] || "$python" "$here/label_real.py" "$GRIDWATCH_DATA" "$out/real"
    real=(--real "$out/real" --real-share 0.25)
else
    echo "train.sh: GRIDWATCH_DATA is not set: training on rendered pictures alone, which is worse on real ones"
fi

"$python" "$here/train.py" "$out" --rendered "$out/rendered" "${real[@]}" "$@"
"$python" "$here/export.py" "$out/checkpoint.pt" "$out/network.onnx"
"$python" "$here/plot.py" "$out/curve.jsonl" "$out/curve.svg"
"$here/measure.sh" "$out/network.onnx" "$out"
sha256sum "$out/network.onnx"
