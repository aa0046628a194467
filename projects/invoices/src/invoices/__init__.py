"""Makes invoices: VAT, totals and the day they fall due."""
