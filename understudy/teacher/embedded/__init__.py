"""The embedded teacher: rules that stand in for a chat model, so that the pipeline runs offline."""
