"""Figures of the mean-field theory of batch normalisation: rates, stability, spectra, training."""
