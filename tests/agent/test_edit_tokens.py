"""Changes are cheap to say: real changes of real apps, made by the edit tool."""

from benchmarks.edits import costs


def test_ten_typical_changes_cost_less_than_half_the_output_of_writing_their_files_anew():
    measured = costs()
    assert len(measured) == 10
    assert all(cost.edits for cost in measured)
    assert sum(cost.edits for cost in measured) < 0.5 * sum(cost.files for cost in measured)
