"""The embedded sample corpus: invented news, made from a seed, with no third-party text."""
