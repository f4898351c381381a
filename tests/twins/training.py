"""Training step by step with torch's own differentiation."""


def trained(variant, rate, weights, batches):
    """Plain SGD on one network, gradients by torch's automatic differentiation, in double precision.

    ``weights`` are the matrices from the first layer to the readout, ``batches`` pairs of images (one a row) and labels. Returns
    the weights afterwards and the loss before each step.
    """
    import torch

    functions = {
        "identity": lambda x: x,
        "sin": torch.sin,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "selu": torch.nn.functional.selu,
        "leaky-relu": torch.nn.functional.leaky_relu,
    }
    weights = [torch.tensor(W, dtype=torch.float64, requires_grad=True) for W in weights]
    losses = []
    for images, labels in batches:
        X = torch.tensor(images, dtype=torch.float64).T
        for layer, W in enumerate(weights[:-1], start=1):
            H = W @ X
            if variant.mean_removal:
                H = H - H.mean(dim=1, keepdim=True)
            N = H / torch.sqrt(variant.kappa * (H**2).sum(dim=1, keepdim=True) + variant.eps)
            X = functions[variant.activation.name](variant.gain * layer**-variant.exponent * N)
        loss = torch.nn.functional.cross_entropy((weights[-1] @ X).T, torch.tensor(labels))
        gradients = torch.autograd.grad(loss, weights)
        losses.append(float(loss.detach()))
        weights = [(W - rate * G).detach().requires_grad_(True) for W, G in zip(weights, gradients, strict=True)]
    return [W.detach().numpy() for W in weights], losses
