"""Operations on words (uint64), as eight lanes or one (see `vectors`), and between words and floats.

``plus(a, b)``, ``minus``, ``xor``; ``left(a, k)``, ``right``, ``right_signed``, ``rotate`` by ``k`` bits. ``to_floats(a)`` takes
a word as a signed integer; ``bits_of(x)`` and ``from_bits(a)`` are the bits of a float as a word and back; ``where_odd(a, x, y)``
is ``x`` where the lowest bit of ``a`` is set, else ``y``. Whole-number literals stand for words.
"""

from isogap.engine.kernels.compiling import Operation

_CODE = "isogap.engine.kernels.lanes.words"

plus, minus, xor = Operation(_CODE, "plus"), Operation(_CODE, "minus"), Operation(_CODE, "xor")
left, right = Operation(_CODE, "left"), Operation(_CODE, "right")
right_signed, rotate = Operation(_CODE, "right_signed"), Operation(_CODE, "rotate")
to_floats, bits_of, from_bits = (
    Operation(_CODE, "to_floats"),
    Operation(_CODE, "bits_of"),
    Operation(_CODE, "from_bits"),
)
where_odd = Operation(_CODE, "where_odd")
