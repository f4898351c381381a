"""The import picture of the design page: rooms placed by hand, arrows from the import statements of the code itself."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

# room: (column, row, modules under isogap; a trailing dot takes a whole package)
ROOMS: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "commands": (1, 0, ("cli.",)),
    "verification": (3, 0, ("verification.",)),
    "plot, figures": (0, 1, ("plot", "plot_gradients", "figures.")),
    "simulation, results": (1, 1, ("simulation", "results", "gradient_results")),
    "variants, training": (
        2, 1, ("variants", "networks", "training", "_seed_networks", "activations", "rates", "rank_deficient", "datasets."),
    ),
    "engine: montecarlo, gradients": (
        1, 2,
        ("montecarlo", "gradients", "gradient_layout", "batches", "inputs", "losses", "statistics", "multiprecision",
         "selfcheck", "checkpoint", "distributed", "_blas", "_blocks", "_quantiles", "_totals", "_workspace"),
    ),
    "bounds, exact law, certified": (3, 1, ("bounds.", "exact", "_one_step", "certified", "positivity")),
    "_kernels": (1, 3, ("_kernels.",)),
    "gap, haar, batchnorm": (
        2, 3, ("gap", "haar", "batchnorm", "streams", "special", "_doubledouble", "_validate", "files", "_version"),
    ),
    "weingarten": (3, 3, ()),
}  # fmt: skip
WIDTH, HEIGHT, DX, DY = 190, 46, 225, 105


def room_of(module: str) -> str | None:
    """Name of the room that a module (``isogap.batch.gap``, ``weingarten.integration.words``) lives in."""
    package, _, rest = module.partition(".")
    if package == "weingarten":
        return "weingarten"
    if package != "isogap" or not rest:
        return None
    for name, (_, _, members) in ROOMS.items():
        if any(rest == m or (m.endswith(".") and (rest + ".").startswith(m)) for m in members):
            return name
    raise ValueError(f"module {module} is in no room of the import picture (docs/_ext/import_picture.py)")


def arrows(root: Path) -> set[tuple[str, str]]:
    """Pairs (importing room, imported room); imports for type checkers alone do not count."""
    found = set()
    for package in ("isogap", "weingarten"):
        for path in (root / package).rglob("*.py"):
            if "statements" in path.parts:
                continue
            parts = path.relative_to(root).with_suffix("").parts
            here = room_of(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
            if here is None:
                continue
            for name in _imports(ast.parse(path.read_text(encoding="utf-8")), root):
                there = room_of(name)
                if there is not None and there != here:
                    found.add((here, there))
    return found


def _imports(tree: ast.Module, root: Path) -> list[str]:
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    names = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            base = root / Path(*node.module.split("."))
            inner = [a.name for a in node.names if (base / a.name).is_dir() or (base / f"{a.name}.py").is_file()]
            names += [f"{node.module}.{name}" for name in inner] or [node.module]
    return names


def svg(edges: set[tuple[str, str]]) -> str:
    """Draw the picture."""
    width, height = 4 * DX + 10, 4 * DY + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">',
        "<title>Who imports whom</title><defs><marker id='tip' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' "
        "markerHeight='7' orient='auto'><path d='M0 0L8 4L0 8z' fill='#77808a'/></marker></defs>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for source, target in sorted(edges):
        parts.append(_arrow(source, target))
    for name, (column, row, _) in ROOMS.items():
        x, y = _corner(column, row)
        fill = {"weingarten": "#1f5f8f", "_kernels": "#1f6f45", "engine: montecarlo, gradients": "#1f6f45"}.get(
            name, "#4a5560"
        )
        parts.append(f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}"/>')
        parts.append(
            f'<text x="{x + WIDTH / 2}" y="{y + HEIGHT / 2 + 4.5}" fill="#fff" font-size="13" text-anchor="middle">{name}</text>'
        )
    return "\n".join([*parts, "</svg>"])


def _corner(column: int, row: int) -> tuple[int, int]:
    return 20 + column * DX, 45 + row * DY


def _arrow(source: str, target: str) -> str:
    (c1, r1, _), (c2, r2, _) = ROOMS[source], ROOMS[target]
    (x1, y1), (x2, y2) = _corner(c1, r1), _corner(c2, r2)
    shift = 14 * (c2 - c1)
    x1, x2 = x1 + WIDTH / 2 + shift, x2 + WIDTH / 2 - shift
    if r1 == r2:
        right = c2 > c1
        x1, x2 = _corner(c1, r1)[0] + (WIDTH if right else 0), _corner(c2, r2)[0] + (0 if right else WIDTH)
        far = abs(c2 - c1) > 1
        y = y1 + HEIGHT / 2
        bend = y - 72 if far else y
        if far:
            x1, x2, y = x1 - 20 if right else x1 + 20, x2 + 20 if right else x2 - 20, y1
        path = f"M{x1} {y}C{x1} {bend} {x2} {bend} {x2} {y}"
    else:
        y1, y2 = (y1 + HEIGHT, y2) if r2 > r1 else (y1, y2 + HEIGHT)
        # a long way down swings out so as not to run behind the rooms between
        swing = 118 if c1 == c2 and abs(r2 - r1) > 1 else 0
        middle = (y1 + y2) / 2
        path = f"M{x1} {y1}C{x1 + swing} {middle} {x2 + swing} {middle} {x2} {y2}"
    return f'<path d="{path}" fill="none" stroke="#77808a" stroke-width="1.3" marker-end="url(#tip)"/>'


def write(app: Any) -> None:
    """Write ``_generated/imports.svg``."""
    target = Path(app.srcdir) / "_generated"
    target.mkdir(exist_ok=True)
    (target / "imports.svg").write_text(svg(arrows(Path(app.srcdir).parent)), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Draw before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
