select *, make || ' ' || model as make_model from main.cars
