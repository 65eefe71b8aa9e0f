"""When which tenant of a fleet run is asked: order, second tries, shares of an instance, outages."""
