select "TransactionID" as transaction_id, "Date" as transaction_date, "Time" as transaction_time, "CustomerID" as customer_id, "CardID" as card_id,
    "GasStationID" as gas_station_id, "ProductID" as product_id, "Amount" as amount, "Price" as price, "Price" / nullif("Amount", 0) as unit_price
from main.transactions_1k
