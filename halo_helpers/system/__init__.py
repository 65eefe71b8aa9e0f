"""The machine: files, places, time and the event loop. Nothing of HaloPSA."""
