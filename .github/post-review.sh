#!/usr/bin/env bash
# Posts the review that a run of the workflow `review` has written. Code of a pull request wrote it,
# possibly of a fork: it is text that nobody vouches for, neither run nor taken for a command here.
#
# GH_REPO  owner/name             HEAD_SHA  the commit that was reviewed, as GitHub says
# RUN_ID, RUN_URL  the run        GH_TOKEN  may write to pull requests
set -euo pipefail

most_bytes=1000000 # of the artifact
longest=64000      # bytes of a review; GitHub takes 65,536 characters

stop() {
  echo "error: $1" >&2
  exit 1
}

size=$(gh api "repos/$GH_REPO/actions/runs/$RUN_ID/artifacts" \
  --jq '[.artifacts[] | select(.name == "review")][0].size_in_bytes // 0')
[[ "$size" =~ ^[0-9]+$ ]] || stop "the size of the artifact is no number"
if [ "$size" -eq 0 ]; then
  echo "the run $RUN_ID has written no review"
  exit 0
fi
[ "$size" -le "$most_bytes" ] || stop "the artifact has $size bytes, more than $most_bytes"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
gh run download "$RUN_ID" --repo "$GH_REPO" --name review --dir "$folder/artifact"
for name in number review.md; do
  file="$folder/artifact/$name"
  if [ ! -f "$file" ] || [ -L "$file" ]; then stop "the artifact has no file $name"; fi
done

number=$(head -c 12 "$folder/artifact/number" | tr -d '\0')
[[ "$number" =~ ^[1-9][0-9]{0,9}$ ]] || stop "the pull request's number is no number"
head=$(gh api "repos/$GH_REPO/pulls/$number" --jq .head.sha)
if [ "$head" != "$HEAD_SHA" ]; then
  echo "pull request $number is at another commit than the one that was reviewed"
  exit 0
fi

{
  printf "<sub>Review of %s, written by [this branch's own code](%s), %s</sub>\n\n" \
    "$HEAD_SHA" "$RUN_URL" "so check what it says."
  head -c "$longest" "$folder/artifact/review.md" | iconv -f utf-8 -t utf-8 -c
} > "$folder/comment.md"
gh pr comment "$number" --repo "$GH_REPO" --body-file "$folder/comment.md" \
  --edit-last --create-if-none
