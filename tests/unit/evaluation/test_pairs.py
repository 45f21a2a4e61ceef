"""Rows of the official files as items: what is compared, what is scored, and what the prediction files write."""

from __future__ import annotations

from evaluation.catalog import load_task
from evaluation.kinds import pairs


def scored(query):
    return query.text[query.start :]


EWOK = {
    "Context1": "It is hot.",
    "Context2": "It is cold.",
    "Target1": "Ice melts.",
    "Target2": "Ice stays.",
    "Domain": "d",
}


def test_ewok_compares_targets_after_one_context():
    item = pairs.ewok_targets(EWOK, "d")
    assert [option.text for option in item.options] == ["It is hot. Ice melts.", "It is hot. Ice stays."]
    assert [scored(option) for option in item.options] == [" Ice melts.", " Ice stays."] == list(item.answers)


def test_ewok_compares_contexts_of_one_target_since_2026():
    item = pairs.ewok_contexts(EWOK, "d")
    assert [option.text for option in item.options] == ["It is hot. Ice melts.", "It is cold. Ice melts."]
    assert [scored(option) for option in item.options] == [" Ice melts."] * 2
    assert item.answers == tuple(option.text for option in item.options)


def test_comps_scores_the_property_without_the_space_before_it():
    row = {"prefix_acceptable": "A dog", "prefix_unacceptable": "A cup", "property_phrase": "can bark."}
    item = pairs.comps_pair(row, "comps_wugs_dist-before")
    assert [scored(option) for option in item.options] == ["can bark."] * 2
    assert item.group == item.uid == "wugs_dist_before"
    assert pairs.comps_pair(row, "comps_wugs_dist-in-between").group == "wugs_dist_in_between"


def test_entity_tracking_is_grouped_by_file_and_moves():
    row = {"input_prefix": "Box 1 holds ", "options": ["a cup.", "nothing."], "numops": 2}
    item = pairs.entity_state(row, "regular")
    assert (item.group, item.uid) == ("regular/2_ops", "regular_2_ops")
    assert [scored(option) for option in item.options] == ["a cup.", "nothing."]
    assert load_task("entity_tracking_filled").item(row, "regular") is None
    assert load_task("entity_tracking").item(row, "regular") == item


def test_supplement_rows_are_named_by_their_file():
    row = {"sentence_good": "A?\nB.", "sentence_bad": "A?\nC."}
    assert pairs.blimp_pair(row, "qa_congruence_easy").uid == "qa_congruence_easy"
    assert pairs.blimp_pair({**row, "field": "syntax", "UID": "x"}, "y").uid == "x"


def test_global_piqa_has_as_many_options_as_solutions_and_its_own_gold():
    row = {"prompt": "To dry:", "solution0": "wet it.", "solution1": "hang it.", "label": 1, "example_id": "e7"}
    item = pairs.solutions(row, "eng_latn")
    assert (len(item.options), item.gold, item.uid) == (2, 1, "e7")
    assert scored(item.options[1]) == " hang it."
    more = {**row, "solution2": "x", "solution3": "y"}
    assert len(pairs.solutions(more, "eng_latn").options) == 4
