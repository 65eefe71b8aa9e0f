"""What an instance really does where the sources leave it open: asked by reading alone."""
