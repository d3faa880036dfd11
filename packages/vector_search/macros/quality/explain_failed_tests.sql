{#
    dbt reports only how many rows a failed test returned. At the end of a run, this says what the
    tests of the package found and what to do: `finding` and `advice` in the test's `meta`.
#}

{% macro explain_failed_tests(results) -%}
    {%- for result in results
        if result.node.resource_type == "test" and (result.node.test_metadata or {}).namespace == "vector_search" -%}
        {%- set meta = result.node.config.meta -%}
        {%- do vector_search.explain_failed_test(result, meta.finding ~ " " ~ meta.advice) -%}
    {%- endfor -%}
{%- endmacro %}

{#
    Print `sentences` if the test failed, even when dbt is quiet, and log them if it warned. They may
    name {failures}, {model}, the test's arguments and the columns of its first row.
#}
{% macro explain_failed_test(result, sentences) -%}
    {%- if result.status in ["fail", "warn"] -%}
        {%- set text = sentences.format(**vector_search._values_of(result)) -%}
        {%- set line = result.status.upper() ~ " " ~ result.node.name ~ ": " ~ text -%}
        {%- set line = modules.re.sub("[\\x00-\\x1f\\x7f-\\x9f]", "\ufffd", line) -%}
        {%- if result.status == "fail" -%}{%- do print(line) -%}
        {%- else -%}{%- do log(line, info=true) -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# What the sentences may name. #}
{% macro _values_of(result) -%}
    {%- set test = result.node -%}
    {%- set tested = test.attached_node or test.depends_on.nodes | first | default("") -%}
    {%- set values = dict(test.test_metadata.kwargs if test.test_metadata else {}) -%}
    {%- for row in run_query("select * from (" ~ test.compiled_code ~ ") limit 1").rows -%}
        {%- do values.update(row.dict()) -%}
    {%- endfor -%}
    {%- do values.update(failures=result.failures, model=tested.split(".")[-1]) -%}
    {{ return(values) }}
{%- endmacro %}
