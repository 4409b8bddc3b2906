{#- Histories (SCD type 2): versions of things from what was reported of them, whatever the order it came in. -#}

{#- Query for the versions of things: columns `key`, version_no, valid_from, valid_to, is_current, valid_from_date, the
    attributes, record_key, load_id, loaded_at. Of copies of one change the latest loaded counts, and so it does of
    several changes at one moment; a change that changes no attribute makes no version.
    `changes` is a relation with the key, `changed_at`, the attributes and bronze's technical columns; attributes may
    be given as {name: expression}. -#}
{% macro scd2_versions(changes, key, attributes) -%}
  {%- set keys = key | join(", ") -%}
  select
    {{ keys }},
    cast(row_number() over history as integer) as version_no,
    changed_at as valid_from,
    lead(changed_at) over history as valid_to,
    lead(changed_at) over history is null as is_current,
    {{ business_day("changed_at") }} as valid_from_date,
    {{ attributes | join(", ") }},
    record_key,
    load_id,
    loaded_at
  from (
    select
      *,
      lag(changed_at) over history is null
      {%- for name in attributes %}
      or ({{ name }} is distinct from (lag({{ name }}) over history))
      {%- endfor %} as is_other
    from (
      select
        {{ keys }},
        changed_at,
        {%- for name in attributes %}
        {{ attributes[name] if attributes is mapping else name }} as {{ name }},
        {%- endfor %}
        record_key,
        load_id,
        loaded_at,
        row_number() over (
          partition by {{ keys }}, changed_at
          order by {{ loaded_last() }}
        ) as at_moment
      from {{ latest_copies(changes) }} as latest
    ) as moments
    where at_moment = 1
    window history as (partition by {{ keys }} order by changed_at)
  ) as steps
  where is_other
  window history as (partition by {{ keys }} order by changed_at)
{%- endmacro %}

{#- Predicate: a version is the one that held at a moment; the first holds before it began, too. Each part compares the
    moment with the version: of an "or" over both, an outer join would try every pair of rows. -#}
{% macro scd2_held_at(version, moment) -%}
  {{ moment }} < coalesce({{ version }}.valid_to, timestamp '9999-12-31 00:00:00')
  and {{ moment }} >= case
    when {{ version }}.version_no = 1 then timestamp '0001-01-01 00:00:00' else {{ version }}.valid_from
  end
{%- endmacro %}

{#- Query for the things whose history the run changed: their key and `changed_from`, the moment from which another
    version holds than before. Both sides are histories of the things the run touched. -#}
{% macro scd2_changed(before, after, key, attributes) -%}
  select
    {%- for name in key %}
    coalesce(before.{{ name }}, after.{{ name }}) as {{ name }},
    {%- endfor %}
    min(
      case
        when before.version_no = 1 or after.version_no = 1 then timestamp '0001-01-01 00:00:00'
        else coalesce(before.valid_from, after.valid_from)
      end
    ) as changed_from
  from {{ before }} as before
  full outer join {{ after }} as after
    on {% for name in key %}before.{{ name }} = after.{{ name }} and {% endfor %}before.valid_from = after.valid_from
  where
    before.version_no is null
    or after.version_no is null
    {%- for name in attributes %}
    or before.{{ name }} is distinct from after.{{ name }}
    {%- endfor %}
    or before.version_no <> after.version_no
  group by {% for name in key %}coalesce(before.{{ name }}, after.{{ name }}){{ ", " if not loop.last }}{% endfor %}
{%- endmacro %}

{#- From-clause item: the versions of the things that the run touches; `touched` names what remembered() keeps of them. -#}
{% macro scd2_of_touched(history, touched, key) -%}
  (
    select versions.*
    from {{ history }} as versions
    inner join {{ remembered(touched) }} as touched
      on {% for name in key %}versions.{{ name }} = touched.{{ name }}{{ " and " if not loop.last }}{% endfor %}
  )
{%- endmacro %}
