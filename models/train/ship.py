"""Puts a trained network into its folder: python ship.py OUT FOLDER VERSION

Copies OUT/network.onnx to the file that FOLDER/manifest.toml names, and writes its hash, the version and the figures of
OUT/quality.jsonl into the manifest.
"""

import hashlib
import json
import pathlib
import re
import sys


def main(out, folder, version):
    out, folder = pathlib.Path(out), pathlib.Path(folder)
    path = folder / "manifest.toml"
    text = path.read_text(encoding="utf-8")
    content = (out / "network.onnx").read_bytes()
    (folder / re.search(r'^onnx = "(.*)"', text, re.M)[1]).write_bytes(content)
    text = re.sub(r'^sha256 = ".*"', f'sha256 = "{hashlib.sha256(content).hexdigest()}"', text, flags=re.M)
    text = re.sub(r'^version = ".*"', f'version = "{version}"', text, flags=re.M)
    text = text.split("\n[[quality]]")[0].rstrip() + "\n"
    with open(out / "quality.jsonl", encoding="utf-8") as lines:
        for figure in map(json.loads, lines):
            # A JSON string without control characters is a TOML string.
            rows = [f"{key} = {json.dumps(figure[key], ensure_ascii=False)}" for key in figure]
            text += "\n[[quality]]\n" + "\n".join(rows) + "\n"
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {version}, {len(content)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:4])
