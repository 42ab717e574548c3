"""Makes letters.otf of the Noto Sans CJK collection: python3 subset.py NotoSansCJK-Bold.ttc letters.otf (needs fonttools)."""
import sys

from fontTools import subset
from fontTools.ttLib import TTCollection

LATIN = [chr(code) for code in [*range(0x20, 0x7F), *range(0xA0, 0x180)]]
SIGNS = "≤≥±−–—‘’“”…‰→←↑↓×°·•①②③④⑤⑥⑦⑧⑨⑩、。《》「」『』【】（），．：；！？～％＋－／＃＆ⅠⅡⅢⅣⅤ□○●△▲■"


def chinese():
    """The letters of GB 2312, both levels."""
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                yield bytes([high, low]).decode("gb2312")
            except UnicodeDecodeError:
                pass


source, target = sys.argv[1:]
fonts = TTCollection(source).fonts
font = next(font for font in fonts if font["name"].getDebugName(4).startswith("Noto Sans CJK SC"))
options = subset.Options()
options.layout_features = []
options.hinting = False
options.name_IDs = [0, 1, 2, 4, 13, 14]
options.notdef_outline = True
options.drop_tables += ["VORG", "vhea", "vmtx", "BASE", "GPOS", "GSUB", "DSIG"]
subsetter = subset.Subsetter(options)
subsetter.populate(text="".join([*LATIN, *SIGNS, *chinese()]))
subsetter.subset(font)
font.save(target)
