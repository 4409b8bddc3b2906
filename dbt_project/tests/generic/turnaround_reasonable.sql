-- A duration in hours is neither shorter nor longer than it can reasonably be.
{% test turnaround_reasonable(model, column_name, min_hours, max_hours) %}
select *
from {{ model }}
where {{ column_name }} < {{ min_hours }} or {{ column_name }} > {{ max_hours }}
{% endtest %}
