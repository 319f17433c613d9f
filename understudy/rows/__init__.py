"""Where rows come from: the embedded sample, the Hub, or files."""
