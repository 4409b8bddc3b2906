"""General English that belongs to no domain: word families, synonyms and irregular forms, from WordNet."""
