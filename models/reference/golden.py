"""Makes `detect/tests/golden/` anew: python golden.py [--picture PICTURE.png] [--networks DIR]

Without `--picture` the picture that is there stays. `--networks` takes a folder with the public networks that `networks/*.toml`
describe and writes what the reference finds with them.
"""

import argparse
import hashlib
import json
import pathlib
import tomllib

import numpy as np

import reference
import tiny

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "detect/tests/golden"
WIDTH, HEIGHT = 416, 234
# How many times larger the second picture is: 1664x936.
LARGER = 4


def to_nv12(path):
    """A picture of ours, shrunk, as a camera's decoder would give it: BT.601, limited range."""
    from PIL import Image

    rgb = np.asarray(Image.open(path).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), dtype=float)
    r, g, b = np.moveaxis(rgb, -1, 0)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    u, v = (b - y) / 1.772, (r - y) / 1.402
    quarter = lambda plane: plane.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3)) * 224 / 255 + 128
    chroma = np.stack([quarter(u), quarter(v)], axis=-1)
    pixels = np.concatenate([(y * 219 / 255 + 16).ravel(), chroma.ravel()])
    return np.clip(pixels.round(), 0, 255).astype(np.uint8)


def enlarge(nv12, by):
    """Every pixel `by` times across and down: a picture that must be shrunk, and large enough for BT.709."""
    luma = nv12[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
    chroma = nv12[WIDTH * HEIGHT :].reshape(HEIGHT // 2, WIDTH // 2, 2)
    spread = lambda plane: plane.repeat(by, 0).repeat(by, 1).ravel()
    return np.concatenate([spread(luma), spread(chroma)])


def toml_of(manifest):
    """Enough of TOML for a manifest. Strings, numbers and arrays are written as JSON has them."""
    lines, tables = [], []
    for key, value in manifest.items():
        if isinstance(value, dict):
            rows = "".join(f"{name} = {json.dumps(item)}\n" for name, item in value.items())
            tables.append(f"\n[{key}]\n{rows}")
        else:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}\n")
    return "".join(lines + tables)


def write_boxes(path, boxes):
    path.write_text("[\n" + ",\n".join("  " + json.dumps(box) for box in boxes) + "\n]\n", encoding="utf-8")
    scores = [box["score"] for box in boxes]
    print(f"{path.relative_to(GOLDEN)}: {len(boxes)} boxes, best {max(scores, default=0):.2f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--picture", type=pathlib.Path)
    arguments.add_argument("--networks", type=pathlib.Path)
    arguments = arguments.parse_args()
    GOLDEN.mkdir(parents=True, exist_ok=True)
    if arguments.picture:
        to_nv12(arguments.picture).tofile(GOLDEN / "picture.nv12")
    nv12 = np.fromfile(GOLDEN / "picture.nv12", np.uint8)
    pictures = [("boxes", nv12, (WIDTH, HEIGHT)), ("boxes-large", enlarge(nv12, LARGER), (WIDTH * LARGER, HEIGHT * LARGER))]
    for name in tiny.NETWORKS:
        manifest, onnx = tiny.make(name)
        folder = GOLDEN / name
        folder.mkdir(exist_ok=True)
        (folder / "tiny.onnx").write_bytes(onnx)
        manifest["file"] = {"onnx": "tiny.onnx", "sha256": hashlib.sha256(onnx).hexdigest()}
        (folder / "manifest.toml").write_text(toml_of(manifest), encoding="utf-8")
        for boxes, pixels, size in pictures:
            write_boxes(folder / f"{boxes}.json", reference.boxes_of(manifest, onnx, pixels, size))
    if arguments.networks:
        for path in sorted((GOLDEN / "networks").glob("*.toml")):
            manifest = tomllib.loads(path.read_text(encoding="utf-8"))
            onnx = (arguments.networks / manifest["file"]["onnx"]).read_bytes()
            for boxes, pixels, size in pictures:
                target = path.with_name(path.stem + boxes.removeprefix("boxes") + ".json")
                write_boxes(target, reference.boxes_of(manifest, onnx, pixels, size))


if __name__ == "__main__":
    main()
