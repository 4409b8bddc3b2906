{#- 95 % confidence intervals of shares. Wilson's score interval: E. B. Wilson, "Probable inference, the law of succession,
    and statistical inference", JASA 22 (1927), 209-212. Of a difference Newcombe's hybrid score interval: R. G. Newcombe,
    "Interval estimation for the difference between independent proportions", Statistics in Medicine 17 (1998), 873-890,
    method 10. Neither leaves the possible range, and both hold for small numbers. -#}

{#- The two-sided 95 % quantile of the normal distribution. -#}
{% macro normal_95() -%} 1.959963984540054e0 {%- endmacro %}

{% macro _wilson_middle(successes, trials) -%}
  ({{ successes }} + {{ normal_95() }} * {{ normal_95() }} / 2) / ({{ trials }} + {{ normal_95() }} * {{ normal_95() }})
{%- endmacro %}

{% macro _wilson_half(successes, trials) -%}
  {{ normal_95() }} * sqrt(
    cast({{ successes }} as double) * ({{ trials }} - {{ successes }}) / {{ trials }}
    + {{ normal_95() }} * {{ normal_95() }} / 4
  ) / ({{ trials }} + {{ normal_95() }} * {{ normal_95() }})
{%- endmacro %}

{#- Lower end of the interval of successes / trials, both whole numbers, trials at least 1. -#}
{% macro wilson_low(successes, trials) -%}
  case
    when {{ successes }} = 0 then 0.0e0
    else {{ _wilson_middle(successes, trials) }} - {{ _wilson_half(successes, trials) }}
  end
{%- endmacro %}

{#- Its upper end. -#}
{% macro wilson_high(successes, trials) -%}
  case
    when {{ successes }} = {{ trials }} then 1.0e0
    else {{ _wilson_middle(successes, trials) }} + {{ _wilson_half(successes, trials) }}
  end
{%- endmacro %}

{#- Lower end of the interval of rate - other, each given with the ends of its own Wilson interval. -#}
{% macro newcombe_low(rate, rate_low, other, other_high) -%}
  {{ rate }} - {{ other }} - sqrt(
    ({{ rate }} - {{ rate_low }}) * ({{ rate }} - {{ rate_low }})
    + ({{ other_high }} - {{ other }}) * ({{ other_high }} - {{ other }})
  )
{%- endmacro %}

{#- Its upper end. -#}
{% macro newcombe_high(rate, rate_high, other, other_low) -%}
  {{ rate }} - {{ other }} + sqrt(
    ({{ rate_high }} - {{ rate }}) * ({{ rate_high }} - {{ rate }})
    + ({{ other }} - {{ other_low }}) * ({{ other }} - {{ other_low }})
  )
{%- endmacro %}
