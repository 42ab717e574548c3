"""Draws a run's loss: python plot.py curve.jsonl OUT.svg"""

import json
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 320, 56, 24, 44
LINES = (("objectness", "#d9480f"), ("classes", "#1971c2"), ("box", "#2f9e44"))


def smooth(values, by=5):
    return [sum(values[max(0, at - by) : at + 1]) / len(values[max(0, at - by) : at + 1]) for at in range(len(values))]


def main(curve, out):
    rows = [json.loads(line) for line in open(curve, encoding="utf-8")]
    steps = [row["step"] for row in rows]
    most = 3.0
    x = lambda step: LEFT + (WIDTH - LEFT - 110) * step / steps[-1]
    y = lambda value: TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(value, most) / most)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for tick in range(int(most) + 1):
        parts.append(f'<line x1="{LEFT}" x2="{x(steps[-1]):.0f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#dee2e6"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick}</text>')
    for share in range(5):
        step = steps[-1] * share / 4
        parts.append(f'<text x="{x(step):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{step:.0f}</text>')
    parts.append(f'<text x="{(LEFT + x(steps[-1])) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">steps</text>')
    for name, colour in LINES:
        values = smooth([row[name] for row in rows])
        points = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in zip(steps, values))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        parts.append(f'<text x="{x(steps[-1]) + 8:.0f}" y="{y(values[-1]) + 4:.1f}" fill="{colour}">{name} {values[-1]:.2f}</text>')
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n</svg>\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
