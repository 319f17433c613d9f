#!/usr/bin/env bash
# Writes the review of a pull request: review.md and its number, for post-review.sh, and the job's
# summary. Fails where a gate is not held, where there is no review, or where `dvc repro` failed.
#
# BASE    the branch to compare with          FOLDER  where to write
# NUMBER  the pull request's number           REPRO   how `dvc repro` ended: success or failure
set -euo pipefail

mkdir -p "$FOLDER"
echo "$NUMBER" > "$FOLDER/number"
page=$(mktemp) problem=$(mktemp)
trap 'rm -f "$page" "$problem"' EXIT

status=0
python -m understudy.tools review --output "$page" -- "$BASE" 2> "$problem" || status=$?
cat "$problem" >&2

{
  if [ -s "$page" ]; then
    cat "$page"
  else
    printf '**No review.**\n\n'
    sed 's/^/    /' "$problem"
  fi
  if [ "$REPRO" != success ]; then
    cat << 'END'

**`dvc repro` failed here:** this is a review of the commit as it is. Run `make repro`, commit
`dvc.lock`, `metrics/` and `README.md`, and `dvc push`.
END
  fi
} > "$FOLDER/review.md"
cat "$FOLDER/review.md" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
if [ "$REPRO" != success ]; then status=1; fi
exit "$status"
