{#
    Hook of a table whose `column` questions look up by photo_id. It declares a dictionary, which
    the engine reads into memory on first use. Every build declares it again, so no answer comes
    from old rows. Only chDB has it: on a server the declaration would need a password.
#}

{% macro keep_in_memory(column, data_type) -%}
    {{ return(adapter.dispatch("keep_in_memory")(column, data_type)) }}
{%- endmacro %}

{% macro default__keep_in_memory(column, data_type) -%}
    {%- do vector_search.refuse_engine("keep_in_memory") -%}
{%- endmacro %}

{% macro clickhouse__keep_in_memory(column, data_type) -%}
{%- endmacro %}

{% macro chdb__keep_in_memory(column, data_type) -%}
create or replace dictionary {{ _in_memory(this) }} (photo_id String, {{ column }} {{ data_type }})
primary key photo_id
source(clickhouse(query {{ vector_search.text_literal("select photo_id, " ~ column ~ " from " ~ this) }}))
layout(complex_key_hashed())
lifetime(0)
{%- endmacro %}

{# What keep_in_memory() keeps of one photo, or 0 or empty when the photo is not there. #}
{% macro from_memory(relation, column, photo_id) -%}
    {%- set dictionary = _in_memory(relation) -%}
    dictGet('{{ dictionary.schema }}.{{ dictionary.identifier }}', '{{ column }}', {{ photo_id }})
{%- endmacro %}

{% macro _in_memory(relation) -%}
    {{ return(relation.incorporate(path={"identifier": relation.identifier ~ "_in_memory"})) }}
{%- endmacro %}
