select * from raw.reviews
