"""
Rows of the guideline that no single rule carries out: what keeps each, and the tests that show it.

In backticks stand ids of rules, and tests as `path::test`; both are checked against what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_GOLDENS = "tests/test_goldens.py"
_CRITERIA = "tests/engine/criteria"

KEPT: Mapping[str, str] = {
    "TIM-01": "every rule that asks for a phase asks the one episode of back pain "
    f"(`{_CRITERIA}/test_episode.py::test_a_length_is_compared_to_the_day`)",
    "EVD-01": "label and last line of every card "
    "(`tests/engine/test_cards.py::test_a_card_says_what_to_do_about_which_order_and_who_says_so`)",
    "EVD-02": "a statement that a rule cites carries the grade of its source "
    "(`tests/engine/test_evidence.py::test_a_statement_says_grade_source_and_disagreement`)",
    "EVD-03": "a statement that `opioid-acute` and `nsaid-lowest-dose` cite",
    "SAFE-02": "exempts from advice on opioids in `opioid-exempt`, mutes `nsaid-lowest-dose`, "
    "and is a red flag in `imaging-red-flag`",
    "SAFE-03": "exempts from advice on opioids in `opioid-exempt`, mutes `nsaid-lowest-dose`; "
    "`opioid-with-sedative-in-palliative-care` informs",
    "SAFE-04": "exempts from advice on opioids in `opioid-exempt`",
    "SAFE-09": "the chart tells current entries from past ones for every rule "
    "(`tests/engine/test_chart.py::test_what_still_goes_on_is_current` "
    f"`{_CRITERIA}/test_where.py::test_what_is_over_is_told_by_the_clinical_status`)",
    "SAFE-10": "such codes are in value sets of their own, which share none with a red flag "
    "(`tests/engine/catalogue/test_planted_faults.py"
    "::test_a_code_in_two_contradicting_value_sets_makes_the_check_fail`)",
    "SAFE-27": "each suggested medicine brings its hazards along "
    "(`tests/engine/test_suggestions.py::test_a_medicine_with_an_unknown_hazard_is_never_offered` "
    "`tests/engine/test_suggestions.py::test_what_passes_is_offered_in_order_and_the_rest_explained`)",
    "SAFE-29": "a line of `imaging-without-red-flag` and of what red flags suggest; "
    "no suggestion names a radiograph or CT in pregnancy",
    "SAFE-30": "findings are masked where they are found, and nothing about a patient is noted "
    f"(`{_CRITERIA}/test_finding.py::test_discretion_is_kept_on_cards` "
    f"`{_CRITERIA}/test_records.py::test_a_labelled_entry_is_masked` "
    "`tests/test_secrets.py::test_a_call_is_noted_without_a_word_about_the_patient`)",
    "SAFE-31": "the scope of every rule about an order "
    f"(`{_CRITERIA}/test_orders.py::test_an_order_is_for_its_reasons`)",
    "SAFE-32": "cards are merged by topic, cut to four on patient-view, and repeated at signing "
    f"(`{_GOLDENS}::test_one_card_per_topic` `{_GOLDENS}::test_signing_repeats_what_selecting_said` "
    "`tests/engine/app/test_card_limit.py::test_the_fifth_card_is_cut_and_named_in_the_trail` "
    "`tests/engine/app/test_card_limit.py::test_danger_is_never_cut` "
    "`tests/engine/app/test_card_limit.py::test_what_could_not_be_read_is_never_cut`)",
    "SAFE-34": "the statements that `opioid-acute`, `nsaid-lowest-dose` and `acetaminophen-over-3-g` cite "
    "say so",
    "SAFE-35": "what was not read is unknown to every criterion, and a card names it "
    "(`tests/engine/test_cards.py::test_what_could_not_be_read_is_a_card_of_its_own` "
    "`tests/test_missing_data.py::test_missing_data_never_make_the_advice_bolder` "
    "`tests/test_faults.py::test_the_card_says_what_a_misbehaving_server_kept_back`)",
    "SAFE-36": "current medication is one criterion "
    f"(`{_CRITERIA}/test_medicines.py::test_a_medicine_is_taken_while_its_order_is_current` "
    "`tests/engine/test_hook_context.py::test_what_is_no_order_for_this_patient_is_left_out`)",
    "SAFE-37": "orders to be judged are chosen before any rule is asked, past ones count by status "
    "(`tests/engine/test_hook_context.py::test_what_is_no_order_for_this_patient_is_left_out` "
    f"`{_CRITERIA}/test_orders.py::test_a_request_counts_by_status_and_date`)",
    "SAFE-38": "drafts are part of the chart of each other "
    "(`tests/engine/test_chart.py::test_drafts_are_context_for_each_other` "
    "`tests/engine/test_suggestions.py::test_a_removal_names_the_exact_draft`)",
    "SAFE-39": "the onset is that of one episode "
    f"(`{_CRITERIA}/test_episode.py::test_the_onset_is_the_latest_explicit_one` "
    f"`{_CRITERIA}/test_episode.py::test_a_code_may_tell_what_no_date_tells`)",
    "SAFE-40": "the value of a measurement is chosen in one place "
    f"(`{_CRITERIA}/test_measured.py::test_the_latest_value_counts` "
    f"`{_CRITERIA}/test_measured.py::test_of_one_day_the_final_value_wins_and_then_the_lower` "
    f"`{_CRITERIA}/test_measured.py::test_a_value_that_cannot_be_used_is_not_recorded`)",
    "SAFE-42": "no card can hold anything else "
    "(`tests/conformance/test_card_rules.py::test_there_are_no_system_actions` "
    "`tests/engine/cards/test_models.py::test_at_most_one_suggestion_is_recommended` "
    f"`{_GOLDENS}::test_deletes_name_drafts_of_the_request`)",
    "SAFE-43": "partial dates are spans, judged on both ends "
    f"(`{_CRITERIA}/test_people.py::test_a_vague_birth_date_may_count_where_it_asks_for_more_care` "
    f"`{_CRITERIA}/test_episode.py::test_a_phase_is_unclear_when_its_boundary_lies_within_the_date`)",
    "SAFE-47": "a medicine is withheld while a hazard is unknown, and drafted without a dose "
    "(`tests/engine/test_suggestions.py::test_a_medicine_with_an_unknown_hazard_is_never_offered` "
    f"`{_GOLDENS}::test_creates_are_drafts_for_the_patient`)",
    "SAFE-48": "the words of `imaging-without-red-flag`, `opioid-acute` and `opioid-first-line-not-tried` "
    f"(`{_GOLDENS}::test_no_text_reassures_or_forbids`)",
    "SAFE-49": "an incomplete answer proves presence only "
    "(`tests/engine/test_prefetch.py::test_a_partial_answer_keeps_what_was_read_and_proves_no_absence` "
    f"`{_CRITERIA}/test_properties.py::test_a_gap_never_hides_what_was_read`)",
    "REC-1": "`nsaid-lowest-dose` and `opioid-acute` say both, and offer the NSAID first while every guard "
    "lets it pass; `nsaid-allergy` and the other guards offer acetaminophen alone",
    "REC-2": "`opioid-acute` and `opioid-first-line-not-tried` say both sides",
    "REC-8": "`cauda-equina` is for the same day; `neurologic-deficit` follows the stricter source",
    "REC-12": "`start-back-due` asks from day 14 on, unless an improvement is recorded",
}
