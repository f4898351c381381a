"""Machine code of kernels that came with the package, called without numba.

`shipping` writes it when the package is built: object code for some families of processors, one object a kernel and
signature, and ``index.json``, which says what is there and of which sources it was made. Here an object is loaded by
llvmlite's linker and called with the addresses of the arrays. Nothing is looked for outside the package's own folder, and
nothing is run that does not fit: other sources of the kernels, another system or processor, a damaged file, an unknown
signature each mean that numba compiles, as if nothing had been shipped. ``ISOGAP_SHIPPED=0`` asks for that, the name of a
family for code of that family only.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from isogap.engine.kernels.sources import HERE, source_hash

FOLDER = HERE / "objects"
FORMAT = 1
# What a processor of a family is known to have, by the names of LLVM; the best family first.
_V2 = ("cx16", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3")
_V3 = (*_V2, "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe")
_V4 = (*_V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
_X86 = {"x86-64-v4": _V4, "x86-64-v3": _V3, "x86-64-v2": _V2}
_ARM: dict[str, tuple[str, ...]] = {"generic": ()}
FAMILIES: dict[str, dict[str, tuple[str, ...]]] = {
    "linux-x86_64": _X86,
    "darwin-x86_64": _X86,
    "linux-aarch64": _ARM,
    "darwin-aarch64": _ARM,
}
# Processors of before 2013 get the main job alone: their code is the longest and takes half of the time of all others to make.
SPARED = ("x86-64-v2",)
# Kinds of numbers: their names in the index.
_SCALARS = {int: "int64", np.int64: "int64", float: "float64", np.float64: "float64", bool: "bool"}
_DTYPES = {"<f8": 1, "<i8": 2, "<u8": 3, "|b1": 4}
_NAMES = {1: "float64", 2: "int64", 3: "uint64", 4: "bool"}
_CODES = {id(np.dtype(name)): code for name, code in _DTYPES.items()}
# Bits of the flags of an array that belong to its type: in C order, in Fortran's, aligned, writable.
_C, _F, _ALIGNED, _WRITABLE = 0x1, 0x2, 0x100, 0x400
_FLAGS = _C | _F | _ALIGNED | _WRITABLE
_HEAD = (
    object.__basicsize__
)  # bytes before the first field of an array object: its address, then dimensions and strides
_PACK = {"array": "q", "int64": "q", "bool": "q", "float64": "d"}
_RESULT = {"int64": "q", "float64": "d", "bool": "?7x"}
# What was found for every kernel and kind of call: filled by the kernels, here so that `switched` can empty it.
known: dict[str, dict[Any, Callable[..., Any]]] = {}
_asked, _folder = os.environ.get("ISOGAP_SHIPPED"), FOLDER
_lock = threading.Lock()
_loaded: dict[Path, tuple[Any, int]] = {}  # code lives as long as its engine, which is kept beside the address


def describe(values: Any, numbers: list[Any]) -> tuple[Any, ...]:
    """Return the kinds of the arguments of a call, as a key; append what is handed over: of arrays the address of the object."""
    kinds: list[Any] = []
    for value in values:
        kind = type(value)
        if kind is np.ndarray:
            code = _CODES.get(id(value.dtype)) or _DTYPES.get(value.dtype.str, 0)
            kinds.append(value.flags.num & _FLAGS | code << 16 | value.ndim << 20)
            numbers.append(id(value))
        elif issubclass(kind, tuple):
            kinds.append((kind, describe(value, numbers)))
        else:
            kinds.append(kind)
            numbers.append(value)
    return tuple(kinds)


def signature(kinds: tuple[Any, ...]) -> str:
    """Return the key of a call in the index; `KeyError` where there are arguments that no shipped code takes.

    Examples
    --------
    >>> signature(describe((np.zeros((2, 8)), 3, True), []))
    'float64[2CAW],int64,bool'
    """
    return ",".join(_kind(kind) for kind in kinds)


def _kind(kind: Any) -> str:
    if isinstance(kind, int):
        order = "C" if kind & _C else "F" if kind & _F else "S"
        name, dimensions = _NAMES[kind >> 16 & 15], kind >> 20
        return f"{name}[{dimensions}{order}{'A' if kind & _ALIGNED else 'U'}{'W' if kind & _WRITABLE else 'R'}]"
    if isinstance(kind, tuple):
        return f"{kind[0].__module__}.{kind[0].__qualname__}({signature(kind[1])})"
    return _SCALARS[kind]


class Entry:
    """A function of an object: called with the numbers that `describe` collects."""

    def __init__(self, name: str, address: int, result: str) -> None:
        self.name = name
        self.call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_char_p, ctypes.c_void_p)(address)
        kinds = result.strip("()").split(",") if result else []
        self.result = struct.Struct("=" + "".join(_RESULT[kind] for kind in kinds))
        self.several = result.startswith("(")
        self.packs: dict[int, struct.Struct] = {}

    def __call__(self, numbers: list[Any], arguments: Any) -> Any:
        """Run it; ``arguments`` are those that the numbers came from, which live as long as the call."""
        room = ctypes.create_string_buffer(self.result.size) if self.result.size else None
        status = self.call(self.pack(numbers), room)
        if status:
            raise RuntimeError(f"shipped code of {self.name} stopped with status {status}")
        if room is None:
            return None
        values = self.result.unpack(room.raw)
        return values if self.several else values[0]

    def pack(self, numbers: list[Any]) -> bytes:
        """Return the arguments as the code reads them: eight bytes each, floats as they are."""
        form = "=q" + "".join("d" if isinstance(value, float) else "q" for value in numbers)
        return struct.pack(form, _HEAD, *numbers)


def find(name: str, kinds: tuple[Any, ...]) -> Entry | None:
    """Return shipped code for a call of this kernel, ready to be run; ``None`` if there is none."""
    try:
        return lookup(name, signature(kinds))
    except KeyError:
        return None


def lookup(name: str, key: str) -> Entry | None:
    """`find` by the key in the index."""
    index = _index()
    if isinstance(index, str):
        return None
    try:
        entry = index["entries"][name][key]
        with _lock:
            address = _address(index["family"], entry["symbol"], index["objects"][entry["symbol"]])
        return Entry(name, address, entry["result"])
    except (KeyError, TypeError, OSError, RuntimeError, ValueError, AttributeError, ImportError):
        return None


def reason() -> str:
    """Say why something has to be compiled."""
    index = _index()
    return index if isinstance(index, str) else "no shipped code for this kind of run"


@lru_cache(maxsize=1)
def _index() -> dict[str, Any] | str:
    """Return what was shipped for this processor: ``family``, ``entries``, ``objects``; or why nothing is used."""
    if _asked == "0":
        return "shipped code is switched off"
    if _asked and _asked not in FAMILIES.get(this_platform(), {}):
        return f"ISOGAP_SHIPPED={_asked} is neither 0 nor a family of processors of {this_platform()}"
    try:
        data = json.loads((_folder / "index.json").read_text(encoding="utf-8"))
        if data["format"] != FORMAT or data["sources"] != source_hash():
            return "the shipped code is of other sources"
        if data["platform"] != this_platform():
            return f"the shipped code is for {data['platform']}"
        family = next((name for name in families() if name in data["families"]), None)
        if family is None:
            return "no shipped code fits this processor"
        if not _arrays_are_as_known():
            return "arrays of this NumPy are not as the shipped code knows them"
        return {"family": family, "entries": data["entries"], "objects": data["families"][family]}
    except OSError:
        return "no code was shipped"
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, ImportError):
        return "the shipped code cannot be read"


@contextmanager
def switched(asked: str | None, folder: Path = FOLDER) -> Iterator[None]:
    """Use the code in another folder, or of one family, or none (``"0"``), while the context lasts: for the maker and tests."""
    global _asked, _folder
    before, (_asked, _folder) = (_asked, _folder), (asked, folder)
    try:
        _forget()
        yield
    finally:
        _asked, _folder = before
        _forget()


def _forget() -> None:
    _index.cache_clear()
    for found in known.values():
        found.clear()


def this_platform() -> str:
    """Return the system and the kind of processor that object code is for."""
    machine = platform.machine().lower()
    return f"{sys.platform}-{ {'amd64': 'x86_64', 'arm64': 'aarch64'}.get(machine, machine) }"


def families() -> list[str]:
    """Return the families of processors whose code this one runs, the best first."""
    import llvmlite.binding as llvm

    has = llvm.get_host_cpu_features()
    known = FAMILIES.get(this_platform(), {})
    fit = [name for name, needs in known.items() if all(has.get(feature, False) for feature in needs)]
    return [name for name in fit if name == _asked] if _asked else fit


def _arrays_are_as_known() -> bool:
    """Whether an array object begins, after its head, with the address of its data, dimensions and strides."""
    array = np.zeros((3, 5))[:, ::2]
    field = ctypes.sizeof(ctypes.c_void_p)
    data, dimensions, shape, strides = (
        ctypes.c_ssize_t.from_address(id(array) + _HEAD + i * field).value for i in range(4)
    )
    pair = ctypes.c_ssize_t * 2
    return (
        field == 8
        and data == array.__array_interface__["data"][0]
        and dimensions & 0xFFFFFFFF == 2
        and tuple(pair.from_address(shape)) == array.shape
        and tuple(pair.from_address(strides)) == array.strides
    )


def _address(family: str, symbol: str, digest: str) -> int:
    """Return the address of a function, after loading its object."""
    path = _folder / family / f"{symbol}.o"
    if path in _loaded:
        return _loaded[path][1]
    code = path.read_bytes()
    if hashlib.sha256(code).hexdigest() != digest:
        raise ValueError(f"object {symbol} is damaged")
    import llvmlite.binding as llvm

    machine = _target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    address = int(engine.get_function_address(symbol))
    if not address:
        raise ValueError(f"object {symbol} has no such function")
    _loaded[path] = engine, address
    return address


def _target_machine() -> Any:
    import llvmlite.binding as llvm

    if llvm.llvm_version_info[0] < 20:  # later ones do it themselves, and refuse to be asked
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(jit=True)
