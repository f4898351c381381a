"""What figures measure is measured as their settings say."""

from isogap import Variant
from isogap.figures import Settings, measured


def test_figures_of_variants_run_on_the_threads_that_were_asked_for(monkeypatch, tmp_path):
    asked = []
    original = measured.simulate_variant
    monkeypatch.setattr(
        measured, "simulate_variant", lambda *a, **k: asked.append(k.get("threads")) or original(*a, **k)
    )
    measured.variant_gradients(Settings(threads=1, work=tmp_path), Variant(3, 4), 2, (1,))
    assert asked == [1]
