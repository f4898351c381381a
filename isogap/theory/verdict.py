"""What a measured growth of gradients means, in words: one wording for variants, modules and whatever else is measured.

`verdict` takes numbers (a rate per layer of ``log‖∂L/∂W_l‖`` on the way back, with its standard error) and what theory says,
and returns lines: the verdict, the theorem or the hypotheses that fail with the change that would mend each, the mean-field
prediction, the bound.
"""

from __future__ import annotations

import math

from scipy import special

from isogap.theory.hypotheses import Coverage

__all__ = ["VACUOUS", "headline", "uneven", "verdict"]

# Limits of ours. Ratio of the first layer's gradient to the last one's that is harmless, and one that no single learning rate
# serves; the logarithm by which a bound may exceed what is measured before it restricts nothing in practice.
HARMLESS, HOPELESS, VACUOUS = 10.0, 1e3, 30.0
# Two-sided level at which a rate is told from 0.
LEVEL = 0.01
NOTHING = 0.01  # of a log gradient over all layers: no growth, whatever its error
_IN_LOG = 20.0  # rates beyond this are shown as powers of e


def verdict(
    rate: float | None,
    error: float | None = None,
    *,
    depth: int | None = None,
    replicas: int | None = None,
    coverage: Coverage | None = None,
    mean_field: tuple[float | None, str] | None = None,
    bound: float | None = None,
    measured: float | None = None,
    unit: str = "layer",
    first: str | None = None,
) -> str:
    """Say what a growth rate means, and why, in lines of text.

    Parameters
    ----------
    rate : float or None
        Growth per layer of the log gradient norm on its way back; ``None`` or NaN if there is none (a gradient vanishes).
    error : float, optional
        Its standard error; ``None`` or NaN for one network.
    depth : int, optional
        Layers of the network, for what the rate adds up to.
    replicas : int, optional
        Networks behind the error: Student's law takes the place of the normal one.
    coverage : Coverage, optional
        Of `isogap.theory.hypotheses.coverage_of`.
    mean_field : (float or None, str), optional
        Predicted rate, or ``None``; its conditions, or the reason.
    bound : float, optional
        Upper bound of theory on ``E log‖∂L/∂W_l‖``.
    measured : float, optional
        Largest measured mean of the same, to hold the bound against.
    unit : str
        What the rate is per.
    first : str, optional
        A first line instead of `headline`: `uneven`, for growth that is no constant factor a layer.

    Examples
    --------
    >>> print(verdict(0.1991, 0.0008, depth=50, mean_field=(0.2, "infinite width")))
    gradients grow 1.220-fold a layer (± 0.001): x1000 after 35 layers; explodes: x21000 over these 50 layers
    mean-field theory: 1.221-fold a layer, 0.0009 more in log than measured, 1.1 standard errors (infinite width)
    >>> print(verdict(1e-4, 4e-4, depth=50, bound=5.9e8, measured=-3.0))
    no growth: 0.0001 ± 0.0004 a layer
    the bound of theory, 5.9e+08 on a logarithm, is vacuous in practice: measured are -3
    """
    bounded = coverage is not None and coverage.covered
    lines = [first or headline(rate, error, depth=depth, replicas=replicas, unit=unit, bounded=bounded)]
    if coverage is not None:
        lines += _coverage(coverage)
    if mean_field is not None:
        lines.append(_mean_field(rate, error, *mean_field, unit))
    if bound is not None and math.isfinite(bound):
        lines.append(_bound(bound, measured))
    return "\n".join(lines)


def headline(
    rate: float | None,
    error: float | None = None,
    *,
    depth: int | None = None,
    replicas: int | None = None,
    unit: str = "layer",
    bounded: bool = False,
) -> str:
    """Return the first line of `verdict` alone; ``bounded``: a theorem rules out that the growth goes on.

    Examples
    --------
    >>> headline(-0.05, 0.001, depth=200)
    'gradients shrink 0.951-fold a layer (± 0.001): /1000 after 138 layers; vanishes: /22000 over these 200 layers'
    >>> headline(0.001, 0.0001, depth=50)
    'gradients grow 1.0010-fold a layer (± 0.0001): x1000 after 6908 layers; harmless: x1.1 over these 50 layers'
    >>> headline(0.3, 0.3, depth=50, replicas=2)
    'undecided: 0.3 ± 0.3 a layer; over 50 layers that may be any factor up to x2e+421: take more networks'
    """
    if rate is None or not math.isfinite(rate):
        return "no rate: a gradient vanishes or is not a number in some layer, or there are too few layers"
    known = error is not None and math.isfinite(error)
    error = error if known else None
    shown = f" ± {error:.1g}" if known else ""
    width = _quantile(replicas) * error if error is not None else 0.0
    if abs(rate) <= width or rate == 0.0 or (depth and abs(rate) * depth < NOTHING):
        value = _rounded(rate, error)
        hidden = (abs(rate) + width) * depth if depth else 0.0
        if hidden > math.log(HARMLESS):
            return (
                f"undecided: {value}{shown} a {unit}; over {depth} {unit}s that may be any factor up to {_times(hidden)}: "
                "take more networks"
            )
        if replicas is not None and error is not None and _quantile(None) * error < abs(rate) <= width:
            return f"growth of {value}{shown} a {unit} is not told from 0 by {replicas} networks"
        return f"no growth: {value}{shown} a {unit}"
    return _growing(rate, error, depth, unit, bounded)


def uneven(
    total: float,
    error: float | None,
    ends: tuple[float, float],
    *,
    depth: int,
    power: bool = False,
    replicas: int | None = None,
    unit: str = "layer",
    bounded: bool = False,
) -> str:
    """First line of a verdict where the growth is not one factor a layer, which then cannot be drawn out to other depths.

    Parameters
    ----------
    total, error : float
        Log of the ratio of the first layer's gradient to the last one's, and its standard error.
    ends : tuple of float
        Rates per layer in the half near the input, and in the half near the output.
    depth : int
        Layers between the first and the last.
    power : bool
        Whether theory says that it is a power of the depth.
    replicas : int, optional
        Networks behind the error: Student's law takes the place of the normal one.
    bounded : bool
        Whether a theorem rules out that the growth goes on.

    Examples
    --------
    >>> uneven(4.0, 0.05, (0.02, 0.14), depth=50, power=True, unit="block")
    'gradients grow x55 over these 50 blocks (± 5 %), as a power of the depth, not exponentially: does not explode'
    >>> uneven(9.0, None, (0.3, 0.06), depth=50)
    'gradients grow x8100 over these 50 layers, unevenly: 1.35-fold a layer near the input, 1.062-fold near the output; explodes'
    """
    size = _times(abs(total)) if total >= 0 else "/" + _times(-total)[1:]
    words = f"gradients {'grow' if total >= 0 else 'shrink'} {size} over these {depth} {unit}s"
    if error is not None and math.isfinite(error):
        share = float(f"{100 * math.expm1(min(error, 1.0)):.1g}")
        words += f" (± {share:g} %)" if error < 1 else f" (± {error:.1g} in log)"
    if power:
        return f"{words}, as a power of the depth, not exponentially: does not explode"
    near, far = (_fold(rate, None) for rate in ends)
    words += f", unevenly: {near} a {unit} near the input, {far} near the output"
    least = abs(total) - (_quantile(replicas) * error if error is not None and math.isfinite(error) else 0.0)
    if least < math.log(HOPELESS):
        return words
    if bounded and total > 0:
        return f"{words}; bounded at every depth by a theorem"
    return f"{words}; {'explodes' if total > 0 else 'vanishes'}"


def _growing(rate: float, error: float | None, depth: int | None, unit: str, bounded: bool) -> str:
    up = rate > 0
    words = f"gradients {'grow' if up else 'shrink'} {_fold(rate, error)} a {unit}"
    words += f" ({_error(rate, error)})"
    if bounded and (up or (depth is not None and abs(rate) * depth < math.log(HOPELESS))):
        words += " while the gap closes"
        if depth is not None:
            size = _times(abs(rate) * depth)
            words += f", {size if up else '/' + size[1:]} over these {depth} {unit}s"
        large = depth is not None and abs(rate) * depth >= math.log(HOPELESS)
        return f"{words}: {'large, and bounded at every depth by a theorem' if large else 'does not explode'}"
    count = max(1, round(math.log(HOPELESS) / abs(rate)))
    words += f": {'x' if up else '/'}1000 after {count} {unit}{'s' * (count != 1)}"
    fate = "explodes" if up else "vanishes"
    if depth is None:
        return f"{words}; {fate}"
    total = abs(rate) * depth
    size = f"{_times(total) if up else '/' + _times(total)[1:]} over these {depth} {unit}s"
    if total >= math.log(HOPELESS):
        return f"{words}; {fate}: {size}"
    if total >= math.log(HARMLESS):
        return f"{words}; {size}: {fate} when deeper"
    return f"{words}; harmless: {size}"


def _error(rate: float, error: float | None) -> str:
    if error is None:
        return "one network, no error"
    return f"± {error:.1g} in log" if abs(rate) > _IN_LOG else f"± {_of_fold(rate, error):.1g}"


def _coverage(coverage: Coverage) -> list[str]:
    if coverage.covered:
        lines = ["a theorem rules out explosion at any depth: every hypothesis holds"]
        lines += [f"  {h.found}" for h in coverage.hypotheses if "covered" in h.found]
    else:
        count = len(coverage.failing)
        lines = [
            f"no theorem rules out explosion: {count} hypothes{'e' if count > 1 else 'i'}s fail{'s' * (count == 1)}"
        ]
        lines += [f"  {h.name}: {h.found}; needed: {h.remedy}" for h in coverage.failing]
        lines += [f"  {h.found}" for h in coverage.hypotheses if h.holds and "covered" in h.found]
    return lines + [f"  {statement}" for statement in coverage.statements]


def _mean_field(rate: float | None, error: float | None, expected: float | None, remark: str, unit: str) -> str:
    if expected is None:
        return f"mean-field theory does not apply: {remark}"
    words = f"mean-field theory: {_fold(expected, error)} a {unit}"
    if rate is not None and math.isfinite(rate) and math.isfinite(expected):
        apart = expected - rate
        words += f", {abs(apart):.2g} {'more' if apart >= 0 else 'less'} in log than measured"
        if error is not None and error > 0:
            words += f", {abs(apart) / error:.1f} standard errors"
    return f"{words} ({remark})" if remark else words


def _bound(bound: float, measured: float | None) -> str:
    known = measured is not None and math.isfinite(measured)
    slack = bound - measured if known and measured is not None else bound
    tail = f": measured are {measured:.3g}" if known else ""
    if slack > VACUOUS:
        return f"the bound of theory, {bound:.3g} on a logarithm, is vacuous in practice{tail}"
    return f"bound of theory on E log‖∂L/∂W‖ at every depth: {bound:.4g}{tail}"


def _quantile(replicas: int | None) -> float:
    if replicas is None:
        return -float(special.ndtri(LEVEL / 2))
    return -float(special.stdtrit(max(replicas - 1, 1), LEVEL / 2))


def _of_fold(rate: float, error: float) -> float:
    return math.exp(rate) * error


def _decimals(error: float) -> int:
    """Decimals that show an error with one digit."""
    return max(0, -math.floor(math.log10(float(f"{error:.0e}"))))


def _rounded(value: float, error: float | None) -> str:
    if error is None or not error > 0:
        return f"{value:.2g}"
    if _decimals(error) > 6:
        return f"{value:.2g}"
    text = f"{value:.{_decimals(error)}f}"
    return text if float(text) else text.lstrip("-")


def _fold(rate: float, error: float | None) -> str:
    """``e^rate`` with the digits of its error, but as many as tell it from 1."""
    if not math.isfinite(rate):
        return "infinite" if rate > 0 else "0-fold"
    if abs(rate) > _IN_LOG:
        return f"e^{rate:.3g}-fold"
    factor = math.exp(rate)
    if error is not None and error < 1e-12:
        error = None
    digits = 2 if error is None or not error > 0 else _decimals(_of_fold(rate, error))
    if rate != 0.0:
        digits = max(digits, min(1 - math.floor(math.log10(abs(math.expm1(rate)))), 12) if abs(rate) < 0.1 else 0)
    return f"{factor:.2g}-fold" if factor < 0.01 else f"{factor:.{min(digits, 12)}f}-fold"


def _times(log: float) -> str:
    """``x`` and the factor of a logarithm, of any size."""
    if log < math.log(1e5):
        shown = f"{float(f'{math.exp(log):.2g}'):g}"
        return "x1.0" if shown == "1" else f"x{shown}"
    power = log / math.log(10)
    return (
        f"x{10 ** (power % 1):.0f}e+{math.floor(power)}" if 10 ** (power % 1) < 9.5 else f"x1e+{math.floor(power) + 1}"
    )
