"""Ways to damage a file, and how often to try: ``ISOGAP_TRIES=20000`` asks for a long run."""

import os

import numpy as np


def tries(default):
    """Return how many tries were asked for."""
    return int(os.environ.get("ISOGAP_TRIES", default))


def damaged(whole, rng):
    """Bytes of a file after flips, a cut, an insertion, a repeated or zeroed stretch, or foreign content."""
    content, kind = bytearray(whole), int(rng.integers(7))
    a, b = sorted(int(x) for x in rng.integers(len(content) + 1, size=2))
    if kind == 0:
        for place in rng.integers(len(content), size=rng.integers(1, 8)):
            content[place] = int(rng.integers(256))
    elif kind == 1:
        del content[a:]
    elif kind == 2:
        content[a:a] = rng.bytes(int(rng.integers(1, 200)))
    elif kind == 3:
        content[a:b] = bytes(b - a)
    elif kind == 4:
        del content[a:b]
    elif kind == 5:
        content[a:a] = content[a:b]
    else:
        head = [b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"{" * 3000, b"", b"\xff" * 64, b"nan,inf\n", b"\x80\x04K\x01."]
        content = bytearray(head[int(rng.integers(len(head)))] + rng.bytes(int(rng.integers(60))))
    return bytes(content)


def generator(name):
    """Return a generator seeded by the name of a test."""
    return np.random.default_rng([ord(c) for c in name])
