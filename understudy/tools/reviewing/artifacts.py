"""Missing artifacts as a table shows them: what was made of a system's seeds is one row."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from understudy.contract.pairs import MODELS, SEEDS
from understudy.contract.predictions import PREDICTIONS
from understudy.versioning.storage import MissingArtifact

FOLDERS = tuple((folder / SEEDS).as_posix() for folder in (MODELS, PREDICTIONS))


def group_seeds(missing: Sequence[MissingArtifact]) -> list[MissingArtifact]:
    """Adds up the artifacts of all seeds of a system, in the place of the first of them."""
    groups: dict[str, list[MissingArtifact]] = {}
    for artifact in missing:
        groups.setdefault(_name_group(artifact.path), []).append(artifact)
    return [_add_up(path, group) for path, group in groups.items()]


def _name_group(path: str) -> str:
    """models/seeds/t5-gold for each file of its seeds; other paths as they are."""
    for folder in FOLDERS:
        if path.startswith(f"{folder}/"):
            return f"{folder}/{PurePosixPath(path).relative_to(folder).parts[0]}"
    return path


def _add_up(path: str, group: Sequence[MissingArtifact]) -> MissingArtifact:
    if [artifact.path for artifact in group] == [path]:
        return group[0]
    stages = dict.fromkeys(artifact.stage.partition("@")[0] for artifact in group)
    sizes = [artifact.size for artifact in group if artifact.size is not None]
    return MissingArtifact(
        path=path,
        stage=", ".join(stages),
        size=sum(sizes) if sizes else None,
        missing=sum(artifact.missing for artifact in group),
        files=sum(artifact.files for artifact in group),
    )
