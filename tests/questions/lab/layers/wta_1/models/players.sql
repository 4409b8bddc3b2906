select
    player_id, first_name, last_name, first_name || ' ' || last_name as player_name, hand, birth_date, country_code
from main.players
