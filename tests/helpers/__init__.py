"""What several tests share: servers, browsers, processes, searches."""
