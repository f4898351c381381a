"""Wide networks of any activation: a layer is an object with a forward pass and a vector-Jacobian product.

States are ``N x M`` matrices, neurons by samples. Weights are never stored: a random ``W`` enters forward and backward pass
through its action on the ``M`` columns of the state and on the ``M`` columns of the gradient, and that action is drawn from
its exact law (`isogap.engine.wide.dense`), at a cost of ``O(N M²)`` a layer. A network is a list of blocks; what differs
between a plain and a residual network is how the same layers are composed (`isogap.engine.wide.layers`).
"""
