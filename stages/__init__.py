"""The stages of the pipeline: what dvc.yaml runs."""
