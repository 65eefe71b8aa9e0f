"""Every request to a HaloPSA. It only reads."""
