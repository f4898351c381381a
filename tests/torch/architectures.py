"""Fourteen networks as people write them, each with a batch, for the checks of `isogap.torch`."""

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as nnf  # noqa: E402  # torch may be missing
from torch import nn  # noqa: E402

from isogap.torch import ResidualBlock, ResidualMLP, SkipInit, orthogonal_mlp  # noqa: E402

WIDTH, DEPTH, BATCH = 12, 10, 16


def stack(*kinds, readout=True, depth=DEPTH):
    """Layers in a row: ``W`` linear, ``N`` BatchNorm1d, ``L`` LayerNorm, or an activation's class."""
    made = {"W": lambda: nn.Linear(WIDTH, WIDTH), "N": lambda: nn.BatchNorm1d(WIDTH), "L": lambda: nn.LayerNorm(WIDTH)}
    layers = [made[k]() if isinstance(k, str) else k() for _ in range(depth) for k in kinds]
    return nn.Sequential(*layers, *([nn.Linear(WIDTH, 5)] if readout else []))


class Vgg(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for out in (6, 6, "pool", 8, 8, "pool"):
            if out == "pool":
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU(inplace=True)]
            channels = out
        self.features, self.head = nn.Sequential(*layers), nn.Linear(8 * 2 * 2, 5)

    def forward(self, x):
        return self.head(torch.flatten(self.features(x), 1))


class BasicBlock(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.shortcut = (
            nn.Conv2d(channels, out, 1, stride, bias=False) if stride != 1 or channels != out else nn.Identity()
        )

    def forward(self, x):
        out = self.bn2(self.conv2(nnf.relu(self.bn1(self.conv1(x)))))
        out += self.shortcut(x)
        return nnf.relu(out)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.blocks = nn.Sequential(BasicBlock(4, 4, 1), BasicBlock(4, 8, 2), BasicBlock(8, 8, 1))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class NormAfterSum(nn.Module):
    def __init__(self):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(DEPTH))
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) for _ in range(DEPTH))
        self.head = nn.Linear(WIDTH, 5)

    def forward(self, x):
        for linear, norm in zip(self.linears, self.norms, strict=True):
            x = norm(x + linear(torch.relu(x)))
        return self.head(x)


class PreActivation(nn.Module):
    def __init__(self, width=WIDTH, depth=DEPTH):
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(depth))
        self.linears = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, 5)

    def forward(self, x):
        for norm, linear in zip(self.norms, self.linears, strict=True):
            x = x + linear(nnf.relu(norm(x)))
        return self.head(x)


class Functional(nn.Module):
    """No layers but in the head: weights of its own, functions in between."""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.randn(WIDTH, WIDTH) / WIDTH**0.5) for _ in range(DEPTH))
        self.head = nn.Linear(WIDTH, 5)

    def forward(self, x):
        for w in self.weights:
            x = torch.tanh(nnf.linear(x, w))
        return self.head(x)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(WIDTH, WIDTH, num_layers=2, batch_first=True), nn.Linear(WIDTH, 5)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out[:, -1])


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm, self.head = nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH), nn.Linear(WIDTH, 5)

    def forward(self, x):
        for _ in range(4):
            x = torch.tanh(self.norm(self.linear(x)))
        return self.head(x)


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, 3, 24, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, 5)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


FLAT, IMAGE, SEQUENCE = (BATCH, WIDTH), (BATCH, 3, 8, 8), (BATCH, 6, WIDTH)
NETWORKS = {
    "mlp without norm": (lambda: stack("W", nn.ReLU), FLAT),
    "mlp BatchNorm ReLU": (lambda: stack("W", "N", nn.ReLU), FLAT),
    "mlp BatchNorm in-place ReLU": (lambda: stack("W", "N", lambda: nn.ReLU(inplace=True)), FLAT),
    "mlp activation first": (lambda: stack("W", nn.Tanh, "N"), FLAT),
    "mlp LayerNorm": (lambda: stack("W", "L", nn.GELU), FLAT),
    "linear chain with BatchNorm": (lambda: stack("W", "N"), FLAT),
    "the paper's": (lambda: orthogonal_mlp(WIDTH, DEPTH, 5), FLAT),
    "vgg-like": (Vgg, IMAGE),
    "resnet-like": (ResNet, IMAGE),
    "pre-activation": (PreActivation, FLAT),
    "BatchNorm after the sum": (NormAfterSum, FLAT),
    "SkipInit": (lambda: ResidualMLP(WIDTH, WIDTH, DEPTH, 5, "skipinit", alpha=DEPTH**-0.5), FLAT),
    "functional": (Functional, FLAT),
    "recurrent": (Recurrent, SEQUENCE),
    "shared": (Shared, FLAT),
    "transformer": (Transformer, SEQUENCE),
}


def network(name, seed=1):
    """A network and a batch, in double precision, the same for one seed."""
    make, shape = NETWORKS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make().double(), torch.randn(shape, dtype=torch.float64)


__all__ = ["NETWORKS", "PreActivation", "ResidualBlock", "SkipInit", "network", "stack"]
