select * from main.inventory_snapshots
