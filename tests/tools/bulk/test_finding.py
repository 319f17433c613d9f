"""Which files a command line means, and what their outputs are called."""

import os
from pathlib import Path

import pytest

from tests.tools.bulk.articles import write_folder
from understudy.core.errors import DataError
from understudy.tools.bulk.finding import Inputs, choose_shard, find_inputs, is_glob
from understudy.tools.bulk.storage import Folder

NAMES = ("a/x.jsonl", "a/deep/y.parquet", "b/x.jsonl", "z.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "in", NAMES)


def find(*given: object, out: object = "/nowhere/out") -> Inputs:
    return find_inputs(list(map(str, given)), Folder(str(out)))


def test_names_are_relative_to_the_folder_that_is_given(folder: Path) -> None:
    assert set(find(folder).files) == set(NAMES)
    assert set(find(f"{folder}/").files) == set(NAMES)


def test_names_are_relative_to_what_stands_before_a_globs_first_wildcard(folder: Path) -> None:
    assert set(find(folder / "*" / "x.jsonl").files) == {"a/x.jsonl", "b/x.jsonl"}
    assert set(find(folder / "a" / "*.jsonl").files) == {"x.jsonl"}
    assert set(find(folder / "**" / "*").files) == set(NAMES)


def test_of_several_inputs_names_are_relative_to_the_folder_they_share(folder: Path) -> None:
    both = find(folder / "a" / "x.jsonl", folder / "b" / "x.jsonl")
    assert set(both.files) == {"a/x.jsonl", "b/x.jsonl"}
    assert set(find(folder / "a", folder / "b").files) == set(NAMES) - {"z.csv"}
    assert set(find(folder / "a", folder / "a" / "x.jsonl").files) == {
        "x.jsonl",
        "deep/y.parquet",
    }


def test_a_name_with_wildcards_that_is_there_is_no_glob(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in", ["[a].jsonl", "a.jsonl"])
    assert set(find(folder / "[a].jsonl").files) == {"[a].jsonl"}
    assert not is_glob(str(folder / "[a].jsonl"))
    assert is_glob(str(folder / "?.jsonl"))


def test_hidden_files_are_left_out_and_those_of_other_kinds_are_named(folder: Path) -> None:
    for name in ("_SUCCESS", ".x.jsonl.crc", ".hidden/x.jsonl", "_temporary/0/x.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}", encoding="utf-8")
    (folder / "notes.md").write_text("# Notes\n", encoding="utf-8")
    found = find(folder)
    assert set(found.files) == set(NAMES)
    assert found.others == ["notes.md"]
    assert found.describe_others() == (
        "1 files are of no kind that is read (.jsonl, .csv, .parquet, .txt): notes.md"
    )


def test_links_are_followed_and_what_is_no_file_is_left_out(folder: Path, tmp_path: Path) -> None:
    other = write_folder(tmp_path / "other", ["w.jsonl"])
    (folder / "link.jsonl").symlink_to(other / "w.jsonl")
    (folder / "broken.jsonl").symlink_to(other / "none.jsonl")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(DataError, match="this is in the input"):
        find(folder, out=tmp_path / "link" / "out")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    assert set(find(folder).files) == {*NAMES, "link.jsonl"}
    assert set(find(folder / "*.jsonl", folder / "z.csv").files) == {"link.jsonl", "z.csv"}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("empty", "no file in it; expected files ending in .jsonl, .csv, .parquet, .txt"),
        ("*.none", "nothing matches; expected files ending in .jsonl, .csv, .parquet, .txt"),
        ("none", "no such file or folder"),
        ("none.jsonl", "no such file or folder"),
        ("notes.md", "expected a file ending in .jsonl, .csv, .parquet, .txt"),
    ],
)
def test_an_input_without_files_is_one_line_and_the_others_are_found(
    given: str, problem: str, folder: Path
) -> None:
    (folder / "empty").mkdir()
    (folder / "notes.md").write_text("# Notes\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        find(folder / given)
    assert str(caught.value) == f"{folder / given}: {problem}"
    found = find(folder / given, folder / "a")
    assert found.problems == [f"{folder / given}: {problem}"]
    assert {Path(name).name for name in found.files} == {"x.jsonl", "y.parquet"}


def test_a_folder_with_files_of_other_kinds_alone_is_one_line(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md", "d.md"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"^4 files are of no kind .*: a\.md, b\.md, c\.md, …$"):
        find(tmp_path)


@pytest.mark.parametrize("given", [".", "**", "**/*.jsonl", "*/x.jsonl"])
@pytest.mark.parametrize("out", ["out", ".", "a"])
def test_outputs_in_an_input_are_refused(given: str, out: str, folder: Path) -> None:
    with pytest.raises(DataError, match=r"this is in the input .*; name a folder beside it"):
        find(folder / given, out=folder / out)


@pytest.mark.parametrize("given", ["z.csv", "*.csv", "a/x.jsonl z.csv"])
def test_outputs_that_would_replace_inputs_are_refused(given: str, folder: Path) -> None:
    with pytest.raises(DataError, match=r"the output of .* would replace the input .*; name ano"):
        find(*(folder / one for one in given.split()), out=folder)


def test_outputs_may_be_in_a_folder_beside_what_a_glob_means(folder: Path) -> None:
    assert set(find(folder / "*.csv", out=folder / "out").files) == {"z.csv"}
    assert set(find(folder / "a", out=folder / "out").files) == {"x.jsonl", "deep/y.parquet"}


def test_local_inputs_and_those_on_s3_need_two_runs() -> None:
    with pytest.raises(DataError, match="some are local and some on S3; give them in two runs"):
        find("a.jsonl", "s3://bucket/b.jsonl")


@pytest.mark.parametrize("count", [1, 2, 8])
def test_each_file_is_in_one_shard(count: int) -> None:
    names = [f"part-{number:05}.parquet" for number in range(400)]
    shards = [list(choose_shard(names, (number, count))) for number in range(1, count + 1)]
    assert sorted(name for shard in shards for name in shard) == names
    assert min(map(len, shards)) > 400 / count / 2


def test_a_files_shard_does_not_depend_on_the_others() -> None:
    names = [f"part-{number}.jsonl" for number in range(50)]
    whole = set(choose_shard(names, (2, 4)))
    assert set(choose_shard(names[:20], (2, 4))) == whole & set(names[:20])
