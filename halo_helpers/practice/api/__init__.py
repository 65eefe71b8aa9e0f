"""What HaloPSA answers to programs: the authorisation server and the REST routes."""
