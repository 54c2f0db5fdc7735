"""The waste catalogue (固体废物目录): what a code means, which domain it belongs to, from ``data/catalogue/``."""

DOMAINS = ("industrial", "hazardous", "household", "construction", "agricultural", "recyclables")
