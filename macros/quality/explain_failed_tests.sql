{#
    The package explains its own tests. This hook at the end of a run does the same for the others:
    `finding` and `advice` in the test's `meta` say what was found and what to do.
#}

{% macro explain_failed_tests(results) -%}
    {%- for result in results
        if result.node.resource_type == "test"
        and (result.node.test_metadata or {}).namespace != "vector_search" -%}
        {%- set said = finding_and_advice(result.node) -%}
        {%- if said -%}
            {%- do vector_search.explain_failed_test(result, said) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# The two sentences of a test. dbt's own tests have no `meta`, so theirs are here. #}
{% macro finding_and_advice(test) -%}
    {%- set meta = test.config.meta -%}
    {%- set findings = {
        "not_null": "{failures:,} rows of {model} have no {column_name}.",
        "unique": "{failures:,} values of {column_name} are in more than one row of {model}.",
        "relationships": "{failures:,} rows of {model} have a {column_name} that is not in {to}.",
        "accepted_values": "{failures:,} values of {column_name} in {model} are not in the list {values}.",
    } -%}
    {%- set advice = "Run `photo-search embed` and `photo-search load` again." if test.sources
        else "Run `dbt build --full-refresh --select {model}`." -%}
    {%- set finding = meta.get("finding") or findings.get(test.test_metadata.name if test.test_metadata) -%}
    {{ return(finding ~ " " ~ meta.get("advice", advice) if finding) }}
{%- endmacro %}
