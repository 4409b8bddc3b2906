select "GasStationID" as gas_station_id, "ChainID" as chain_id, "Country" as country, "Segment" as segment, date '2012-01-01' as snapshot_date from main.gasstations
