{#
    Text for people: all spaces of Unicode, line breaks, terminal escapes and bidi overrides become one
    space, ends are trimmed, nothing becomes null. Characters that do not show are left out, except the
    joiners, which emoji and some languages need. Done once, here, so that no later step can print what a
    stranger typed as a command.
#}

{% macro clean_text(column) -%}
    {{ _trimmed(
        "replaceRegexpAll(" ~ column ~ ", '[\\\\x{AD}\\\\x{200B}\\\\x{2060}-\\\\x{2064}\\\\x{FEFF}]+', '')"
    ) }}
{%- endmacro %}

{% macro _trimmed(text) -%}
    nullIf(trim(replaceRegexpAll(
        {{ text }}, '[\\s\\p{Cc}\\p{Z}\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}]+', ' '
    )), '')
{%- endmacro %}
