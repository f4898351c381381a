"""Object code of kernels for several families of processors, made when the package is built; `shipped` runs it.

A kernel and a signature become one function ``int64 f(const int64 *arguments, int64 *results)``. Arguments are numbers of
eight bytes, after the size of an object's head: integers and truth values, floats, and for an array the address of its Python
object, where its data, shape and strides stand. The arrays have no owner inside, so no reference is counted. The LLVM code is
optimised once and then made into an object for every family: the same IEEE operations, so the same bits.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.np.arrayobj import populate_array

from isogap.engine.kernels import compiling, shipped
from isogap.engine.kernels.compiling import Kernel
from isogap.engine.kernels.sources import source_hash

_WORD, _BYTES = ir.IntType(64), ir.IntType(8).as_pointer()
_RESULTS = {types.int64: "int64", types.float64: "float64", types.boolean: "bool"}
# What an object may take from the C library of the process that loads it.
_LIBRARY = {"fma", "memset", "memcpy", "memmove", "exp", "log", "log1p", "expm1", "sqrt", "pow"}
# Functions of numba's runtime that count references; arrays without an owner have none, and kernels that make arrays of their
# own call functions that are in neither list, and are not shipped.
_COUNTING = re.compile(r"^(define [^\n]*@NRT_(?:incref|decref)\([^\n]*\{\n).*?^\}", re.MULTILINE | re.DOTALL)
_NOT_CALLED = {"NRT_MemInfo_call_dtor"}


class Call(NamedTuple):
    """A kernel with the kinds of its arguments: the key of `shipped`, and the types of numba."""

    kernel: Kernel
    key: str
    types: tuple[Any, ...]


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """Collect which kernels are called, and with which kinds of arguments, while the context lasts."""
    tape: list[tuple[Kernel, tuple[Any, ...]]] = []
    calls: list[Call] = []
    compiling.recording.append(tape)
    try:
        yield calls
    finally:
        compiling.recording.remove(tape)
    known: set[tuple[str, str]] = set()
    for kernel, arguments in tape:
        try:
            key = shipped.signature(shipped.describe(arguments, []))
        except KeyError:
            continue
        if (kernel.name, key) not in known:
            known.add((kernel.name, key))
            calls.append(Call(kernel, key, tuple(numba.typeof(value) for value in arguments)))


def write(calls: list[Call], further: list[Call], folder: Path) -> dict[str, str]:
    """Write the index and the objects of these calls for every family of this machine's processors.

    ``further`` calls are not for `shipped.SPARED` families. Returns the kernels that cannot be shipped, with the reason.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    families = shipped.FAMILIES.get(shipped.this_platform(), {})
    entries: dict[str, dict[str, Any]] = {}
    objects: dict[str, dict[str, str]] = {name: {} for name in families}
    left_out = {}
    for call in calls + further:
        symbol = "isogap_" + hashlib.sha256(f"{call.kernel.name}({call.key})".encode()).hexdigest()[:16]
        try:
            code, result = _bitcode(call, symbol)
        except (ValueError, KeyError) as error:
            left_out[f"{call.kernel.name}({call.key})"] = str(error)
            continue
        for family in families:
            if call in further and family in shipped.SPARED:
                continue
            data = _object(code, family)
            (folder / family).mkdir(exist_ok=True)
            (folder / family / f"{symbol}.o").write_bytes(data)
            objects[family][symbol] = hashlib.sha256(data).hexdigest()
        entries.setdefault(call.kernel.name, {})[call.key] = {"symbol": symbol, "result": result}
    index = {
        "format": shipped.FORMAT,
        "sources": source_hash(),
        "platform": shipped.this_platform(),
        "made by": {"numba": numba.__version__, "llvmlite": llvmlite.__version__},
        "entries": entries,
        "families": objects,
    }
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    return left_out


@global_compiler_lock  # type: ignore[untyped-decorator, unused-ignore]
def _bitcode(call: Call, symbol: str) -> tuple[bytes, str]:
    """LLVM code of the call with everything it calls, optimised, and the kinds of its results."""
    dispatcher = call.kernel.dispatcher
    dispatcher.compile(call.types)
    compiled = dispatcher.overloads[call.types]
    context, descriptor = cpu_target.target_context, compiled.fndesc
    library = context.codegen().create_library(symbol)
    module = library.create_ir_module(symbol)
    _wrap(context, module, symbol, descriptor)
    library.add_ir_module(module)
    library.add_linking_library(compiled.library)
    library.finalize()
    linked = llvm.parse_assembly(_COUNTING.sub(r"\1  ret void\n}", str(library._final_module)))
    foreign = {f.name for f in linked.functions if f.is_declaration and not f.name.startswith("llvm.")}
    foreign -= _LIBRARY | _NOT_CALLED
    if foreign:
        raise ValueError(f"{call.kernel.name} calls {', '.join(sorted(foreign))}, which shipped code cannot")
    return linked.as_bitcode(), _result(descriptor.restype)


def _result(kind: Any) -> str:
    if kind == types.none:
        return ""
    if isinstance(kind, types.BaseTuple):
        return "(" + ",".join(_RESULTS[one] for one in kind) + ")"
    return _RESULTS[kind]


def _wrap(context: Any, module: Any, symbol: str, descriptor: Any) -> None:
    """Write the function that takes numbers and calls the kernel."""
    function = ir.Function(module, ir.FunctionType(_WORD, [_WORD.as_pointer(), _WORD.as_pointer()]), symbol)
    kernel = ir.Function(
        module, context.call_conv.get_function_type(descriptor.restype, descriptor.argtypes), descriptor.llvm_func_name
    )
    builder = ir.IRBuilder(function.append_basic_block())
    numbers, room = function.args
    reader = _Reader(context, builder, numbers)
    values = [reader.value(kind) for kind in descriptor.argtypes]
    status, result = context.call_conv.call_function(builder, kernel, descriptor.restype, descriptor.argtypes, values)
    with builder.if_then(status.is_error, likely=False):
        builder.ret(builder.sext(status.code, _WORD))
    several = isinstance(descriptor.restype, types.BaseTuple)
    if descriptor.restype != types.none:
        for i, kind in enumerate(descriptor.restype if several else [descriptor.restype]):
            value = builder.extract_value(result, i) if several else result
            place = builder.gep(room, [_WORD(i)])
            value = builder.zext(value, _WORD) if kind == types.boolean else builder.bitcast(value, _WORD)
            builder.store(value, place)
    builder.ret(_WORD(0))


class _Reader:
    """Takes the arguments of the kernel from the numbers, one after the other."""

    def __init__(self, context: Any, builder: Any, numbers: Any) -> None:
        self.context, self.builder, self.numbers = context, builder, numbers
        self.next = 0
        self.head = self._number()

    def _number(self) -> Any:
        place = self.builder.gep(self.numbers, [_WORD(self.next)])
        self.next += 1
        return self.builder.load(place)

    def value(self, kind: Any) -> Any:
        """The next argument, of this type of numba."""
        if isinstance(kind, types.BaseTuple):
            return self.context.make_tuple(self.builder, kind, [self.value(one) for one in kind])
        if isinstance(kind, types.Array):
            return self._array(kind)
        number = self._number()
        if kind == types.boolean:
            return self.builder.icmp_signed("!=", number, _WORD(0))
        return self.builder.bitcast(number, self.context.get_value_type(kind))

    def _array(self, kind: Any) -> Any:
        builder, context = self.builder, self.context
        first = builder.inttoptr(builder.add(self._number(), self.head), _WORD.as_pointer())

        def field(at: int) -> Any:
            return builder.load(builder.gep(first, [_WORD(at)]))

        def several(at: int) -> list[Any]:
            place = builder.inttoptr(field(at), _WORD.as_pointer())
            return [builder.load(builder.gep(place, [_WORD(i)])) for i in range(kind.ndim)]

        array = context.make_array(kind)(context, builder)
        item = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
        data = builder.inttoptr(field(0), context.get_data_type(kind.dtype).as_pointer())
        populate_array(array, data=data, shape=several(2), strides=several(3), itemsize=item, meminfo=None, parent=None)
        return array._getvalue()


def _object(code: bytes, family: str) -> bytes:
    """Object code for a family of processors."""
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(
        cpu=family, features="", opt=3, reloc="pic", codemodel="jitdefault", jit=True
    )
    module = llvm.parse_bitcode(code)
    return bytes(machine.emit_object(module))
