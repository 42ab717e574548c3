"""Takes the figures of one network from `gridwatch models evaluate` for ship.py: python figures.py EVALUATION.json NAME RECORD

NAME is what the data set is called; RECORD gets a line of JSON a figure.
"""

import json
import sys


def figures(network):
    for group in (group for group in network["groups"] if group["objects"]):
        yield f"AP50 {group['group']}, {group['objects']} objects", group["ap50"]
        if group["group"] != "vehicle":
            continue
        yield "AP50:95 vehicle", group["ap50_95"]
        for what in ("recall", "precision"):
            yield f"{what} of vehicles at score {network['score']}", group[what]
        for source in group["sources"]:
            yield f"AP50 vehicle, {source['source']}, {source['objects']} objects", source["ap50"]


def main(evaluation, name, record):
    with open(evaluation, encoding="utf-8") as report, open(record, "a", encoding="utf-8") as lines:
        for metric, value in figures(json.load(report)["networks"][0]):
            line = {"dataset": name, "metric": metric, "value": round(value, 3), "command": "gridwatch models evaluate"}
            lines.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
