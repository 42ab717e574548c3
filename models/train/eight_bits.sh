#!/usr/bin/env bash
# Makes the shipped 8-bit networks of a training and puts them into their folders: eight_bits.sh OUT VERSION
# OUT is train.sh's: checkpoint.pt, rendered/ and, where it was labelled, real/ (calibration), valid/ (measuring).
# GRIDWATCH names the program (default: target/release/gridwatch), PYTHON the Python.
set -euo pipefail

out=$(cd "${1:?usage: eight_bits.sh OUT VERSION}" && pwd)
version=${2:?usage: eight_bits.sh OUT VERSION}
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
gridwatch=${GRIDWATCH:-$here/../../target/release/gridwatch}
work=$out/eight-bits
rm -rf "$work"
mkdir -p "$work/pictures"

# 80 rendered pictures and every fourth real one.
number=0
for picture in $(find "$out/rendered" -name '*.jpg' | sort | awk 'NR % 2 == 0' | head -n 80) \
    $(find "$out/real/images" -name '*.jpg' 2>/dev/null | sort | awk 'NR % 4 == 0'); do
    number=$((number + 1))
    ln -s "$picture" "$work/pictures/$(printf '%04d' "$number").jpg"
done

for shipped in yard-n-int8:640:384 yard-n-800-int8:800:448; do
    IFS=: read -r name width height <<<"$shipped"
    folder=$work/$name
    mkdir -p "$folder/source"
    "$python" "$here/export.py" "$out/checkpoint.pt" "$folder/source/yard-n.onnx" --size "${width}x$height"
    hash=$(sha256sum "$folder/source/yard-n.onnx" | cut -d ' ' -f 1)
    sed -e '/^\[\[quality\]\]/,$d' -e "s/^width = .*/width = $width/; s/^height = .*/height = $height/; s/^sha256 = .*/sha256 = \"$hash\"/" \
        "$here/../yard-n/manifest.toml" >"$folder/source/manifest.toml"
    "$gridwatch" models quantize "$folder/source" --images "$work/pictures" --into "$folder" --name "$name" --python "$python"
    cp "$folder/$name/$name.onnx" "$folder/network.onnx" 2>/dev/null || cp "$folder/$name/"*.onnx "$folder/network.onnx"
    [ ! -e "$out/valid" ] || ln -sfn "$out/valid" "$folder/valid"
    "$here/measure.sh" "$folder/network.onnx" "$folder"
    "$python" "$here/ship.py" "$folder" "$here/../$name" "$version"
done
