"""The characters that the built-in line recogniser knows, in the order of its output (number 0 is the blank)."""

from __future__ import annotations

import string

ASCII = " " + "".join(sorted(string.digits + string.ascii_letters + string.punctuation))
# The rows 16 to 40 of KS X 1001: the 2,350 syllables of everyday Korean.
SYLLABLES = bytes(byte for row in range(0xB0, 0xC9) for at in range(0xA1, 0xFF) for byte in (row, at)).decode("euc_kr")
LETTERS = "".join(chr(code) for code in range(0x3131, 0x3164))  # ㄱ to ㅣ, as in ㅋㅋ and ㅠㅠ
SIGNS = "·“”‘’…₩€£¥°℃㎡㎏㎞㎝㎜×÷±–—•※→←↑↓①②③④⑤⑥⑦⑧⑨⑩「」『』《》〈〉【】○●□■△▲▼◇◆☆★▶©®™§²³½"
CHARACTERS = ASCII + SYLLABLES + LETTERS + SIGNS
NUMBER = {character: number for number, character in enumerate(CHARACTERS, start=1)}
