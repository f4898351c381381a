"""One module per command. Heavy imports happen inside the command that needs them, so that ``--help`` is instant."""
