"""The one adapter to DVC and Git: state, stale stages, snapshots to compare, what a remote has."""
