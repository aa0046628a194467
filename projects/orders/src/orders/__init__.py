"""Prices orders and gives them their reference."""
