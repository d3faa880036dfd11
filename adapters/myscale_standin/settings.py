"""Settings that only MyScale has, and that the engine must not see."""

from __future__ import annotations

from collections.abc import Collection

from .lexer import Statement, split

QUERY_SETTINGS = {
    "enable_brute_force_vector_search": "0",
    "two_stage_search_option": "0",
    "max_search_result_window": "0",
    "distances_top_k_multiply_factor": "3",
    "hybrid_search_fusion_weight": "0.5",
    "hybrid_search_fusion_k": "60",
    "dfs_query_then_fetch": "0",
}
TABLE_SETTINGS = {
    "min_rows_to_build_vector_index": "0",
    "min_bytes_to_build_vector_index": "0",
    "float_vector_search_metric_type": "L2",
    "binary_vector_search_metric_type": "HAMMING",
    "vector_index_parameter_check": "1",
    "enforce_fixed_vector_length_constraint": "1",
    "enable_decouple_vector_index": "1",
    "disable_rebuild_for_decouple": "0",
    "default_mstg_disk_mode": "0",
    "max_rows_for_slow_mode_single_vector_index_build": "100000",
    "build_vector_index_on_random_single_replica": "0",
    "enable_primary_key_cache": "0",
    "vidx_zk_update_period": "300",
}


def take_settings(
    statement: Statement, names: Collection[str], keyword: str = "SETTINGS"
) -> tuple[Statement, dict[str, str]]:
    """Remove the named settings from every ``SETTINGS a = 1, b = 2`` list of a statement.

    Returns the statement without them, and their values. A list without other settings goes with
    its keyword. ``keyword`` is SET for a SET statement.
    """
    toks, taken, edits = statement.tokens, {}, []
    for i, token in enumerate(toks):
        is_list = token.upper == keyword and i + 2 < len(toks) and toks[i + 2].text == "="
        if not is_list:
            continue
        stop, pairs = i + 1, split(toks[i + 1 :])
        kept = []
        for n, pair in enumerate(pairs):
            is_pair = len(pair) >= 3 and pair[1].text == "="
            if not is_pair:
                break
            # FORMAT, a bracket or the rest of the query may follow the last pair.
            body = pair if n + 1 < len(pairs) and len(pair) in (3, 4) else pair[:3]
            stop = toks.index(body[-1]) + 1
            if pair[0].value in names:
                taken[pair[0].value] = pair[2].value
            else:
                kept.append(statement.sql[body[0].start : body[-1].end])
            if body is not pair:
                break
        text = f"{token.text} {', '.join(kept)}" if kept else ""
        edits.append((token.start, toks[stop - 1].end, text))
    return (statement.replaced(edits) if taken else statement), taken
