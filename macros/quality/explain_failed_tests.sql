{#
    dbt reports only how many rows a failed test returned. This hook at the end of a run says what
    was found and what to do: `finding` and `advice` in the test's `meta`. Both may name {failures},
    {model}, the test's arguments and the columns of its first row. Failures are printed even when
    dbt is quiet, and warnings are not.
#}

{% macro explain_failed_tests(results) -%}
    {%- for result in results
        if result.node.resource_type == "test" and result.status in ["fail", "warn"] -%}
        {%- set said = finding_and_advice(result.node) -%}
        {%- if said -%}
            {%- set text = said.format(**_values_of(result)) -%}
            {%- set line = result.status.upper() ~ " " ~ result.node.name ~ ": " ~ text -%}
            {%- set line = modules.re.sub("[\\x00-\\x1f\\x7f-\\x9f]", "\ufffd", line) -%}
            {%- if result.status == "fail" -%}{%- do print(line) -%}
            {%- else -%}{%- do log(line, info=true) -%}{%- endif -%}
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

{# What the two sentences may name. #}
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
