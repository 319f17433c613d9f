"use strict";
// What a summary shares with its reference and with its article.

// as in understudy/texts/words.py
const SPACELESS = String.raw`(?=\p{L})[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー\p{sc=Bopomofo}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]`;
const LETTER = String.raw`${SPACELESS}\p{M}*`;
const RUN = String.raw`(?!${SPACELESS})[\p{L}\p{N}](?:(?!${SPACELESS})[\p{L}\p{N}\p{M}\u200c\u200d])*`;
const WORD = new RegExp(`${LETTER}|(?:_|${RUN})+(?:[.,:'’/-](?:_|${RUN})+)*`, "gu");
/** As in understudy/scoring/tokenizers.py, by `evaluate.words`; a label is compared as a whole. */
const ROUGE_WORDS = { english: /[a-z0-9]+/gi, unicode: new RegExp(`${LETTER}|${RUN}`, "gu"), labels: /[^]+/g };

/** Words of a text by a pattern: what they compare as, and where they stand. */
function listWords(text, pattern, stems) {
  return Array.from(text.matchAll(pattern), (found) => {
    const word = found[0].normalize("NFKC").toLowerCase();
    return {
      word: stems?.get(word) ?? word,
      start: found.index,
      end: found.index + found[0].length,
    };
  });
}

/** Which words ROUGE-1 counts as shared: a word of the reference counts as often as it stands there. */
function matchWords(words, gold) {
  const left = new Map();
  for (const { word } of gold) left.set(word, (left.get(word) ?? 0) + 1);
  return words.map(({ word }) => {
    const count = left.get(word) ?? 0;
    left.set(word, count - 1);
    return count > 0;
  });
}

/** The runs that a summary shares with its article, greedily (understudy/texts/fragments.py). */
function findFragments(article, summary) {
  const places = new Map();
  article.forEach(({ word }, place) => {
    if (!places.has(word)) places.set(word, []);
    places.get(word).push(place);
  });
  const fragments = [];
  for (let start = 0; start < summary.length; ) {
    let best = { start, at: 0, length: 0 };
    for (const at of places.get(summary[start].word) ?? []) {
      let length = 0;
      while (summary[start + length] && article[at + length]?.word === summary[start + length].word)
        length += 1;
      if (length > best.length) best = { start, at, length };
    }
    if (best.length) fragments.push(best);
    start += Math.max(1, best.length);
  }
  return fragments;
}

/** Where the chosen words stand; neighbours on one line are one place. */
function joinPlaces(words, chosen, text) {
  const places = [];
  words.forEach(({ start, end }, index) => {
    if (!chosen[index]) return;
    const last = places.at(-1);
    if (chosen[index - 1] && !text.slice(last[1], start).includes("\n")) last[1] = end;
    else places.push([start, end]);
  });
  return places;
}

/** Shows a text as text, whatever it holds, with marks of some classes at some places. */
function paint(node, text, layers) {
  const masks = new Uint8Array(text.length);
  layers.forEach(({ places }, layer) => {
    for (const [start, end] of places)
      for (let at = start; at < end; at += 1) masks[at] |= 1 << layer;
  });
  const parts = [];
  for (let start = 0, end; start < text.length; start = end) {
    end = start + 1;
    while (end < text.length && masks[end] === masks[start]) end += 1;
    const names = layers.filter((_, layer) => masks[start] & (1 << layer)).map(({ name }) => name);
    const part = document.createElement(names.length ? "mark" : "span");
    if (names.length) part.className = names.join(" ");
    part.textContent = text.slice(start, end);
    parts.push(part);
  }
  node.replaceChildren(...parts);
}
