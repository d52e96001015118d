from infra.telemetry.tracing import is_parent


def test_only_the_form_of_the_standard_names_a_trace() -> None:
    good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert is_parent(good)
    for bad in ("", good.upper(), good + "x", good[:-1], good.replace("4bf9", "\uff14bf9"), good + "\n"):
        assert not is_parent(bad)
