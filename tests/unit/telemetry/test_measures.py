import pytest

from infra.telemetry.measures import Histogram


def test_a_value_falls_under_the_first_bound_that_is_not_less() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 3.0):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 1]
    assert histogram.total == 8.0
    assert histogram.count == 5


def test_a_quantile_is_estimated_within_its_bucket() -> None:
    histogram = Histogram((1.0, 2.0, 4.0))
    for value in (0.5, 1.5, 1.6, 3.0):
        histogram.observe(value)
    assert histogram.quantile(0.25) == pytest.approx(1.0)
    assert histogram.quantile(0.5) == pytest.approx(1.5)
    assert histogram.quantile(1.0) == pytest.approx(4.0)


def test_what_is_past_the_last_bound_counts_as_it() -> None:
    histogram = Histogram((1.0,))
    histogram.observe(50)
    assert histogram.quantile(0.99) == 1.0


def test_without_values_there_is_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None
