"""Facts as text: Markdown, figures and verdicts in words."""
