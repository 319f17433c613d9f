// One article with its reference and every system's summary beside it.

const GOLD = "highlights";
const LONG = 3; // words from which a shared run is told apart from chance

function make(tag, className, ...content) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...content);
  return node;
}

function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** The mark of a system as the tables above have it. */
function cloneGlyph(system) {
  const glyph = document.querySelector(`main .glyph.${CSS.escape(system)}`);
  return glyph ? glyph.cloneNode(true) : "";
}

class Detail {
  /**
   * @param box is filled
   * @param data has texts, stems and the kind of words that ROUGE compares
   * @param move is called with -1 or 1
   */
  constructor(box, data, move) {
    Object.assign(this, { box, data, held: null, pointed: null, cards: new Map() });
    this.stems = new Map(Object.entries(data.stems));
    this.title = make("h3", "id");
    this.place = make("p", "soft place");
    const previous = make("button", "", "↑ previous");
    const next = make("button", "", "next ↓");
    for (const [button, step] of [[previous, -1], [next, 1]]) {
      button.type = "button";
      button.addEventListener("click", () => move(step));
    }
    this.article = make("p", "text");
    this.length = make("small", "soft");
    const name = `${data.input[0].toUpperCase()}${data.input.slice(1)}`;
    this.source = make("section", "source", make("h4", "", `${name} `, this.length), this.article);
    Object.assign(this.source, { tabIndex: 0 });
    this.source.setAttribute("aria-label", name);
    const cards = [GOLD, ...data.systems].map((system, number) => this.makeCard(system, number));
    this.summaries = make("div", "summaries", ...cards);
    box.append(
      make("header", "", make("div", "", this.title, this.place), previous, next),
      make("div", "reading", this.source, this.summaries),
    );
    this.texts = [this.article, ...Array.from(this.cards.values(), (card) => card.text)];
    for (const text of this.texts) text.dir = "auto";
  }

  makeCard(system, number) {
    const name = system === GOLD ? this.data.reference : system;
    const glyph = cloneGlyph(system === GOLD ? "reference" : system);
    const button = make("button", `name ${system}`, glyph, name);
    button.type = "button";
    button.title = `Hold its runs in the article (${number})`;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => this.hold(system));
    const hint = make("kbd", "", String(number));
    hint.setAttribute("aria-hidden", "true");
    const card = {
      button,
      badge: make("span", "badge"),
      score: make("span", "score"),
      text: make("p", "text"),
      told: make("p", "told soft"),
    };
    card.box = make(
      "section",
      `summary ${system}`,
      make("h4", "", button, hint, card.badge, card.score, make("span", "share", make("i"))),
      card.text,
      card.told,
    );
    card.box.setAttribute("aria-label", name);
    const point = (value) => (event) => {
      if (event.pointerType !== "touch") this.point(value);
    };
    card.box.addEventListener("pointerenter", point(system));
    card.box.addEventListener("pointerleave", point(null));
    button.addEventListener("focus", () => button.matches(":focus-visible") && this.point(system));
    button.addEventListener("blur", () => this.point(null));
    this.cards.set(system, card);
    return card.box;
  }

  /** Puts the systems that are compared beside each other, first A, then B. */
  compare(first, second) {
    const systems = [...new Set([GOLD, first, second, ...this.data.systems])];
    this.summaries.append(...systems.map((system) => this.cards.get(system).box));
    for (const [system, { badge }] of this.cards)
      badge.textContent = system === first ? "A" : system === second ? "B" : "";
  }

  /** Shows an article by its index; `scores` are by system. */
  show(index, place, scores) {
    const text = (column) => this.data.texts[column][index];
    this.title.replaceChildren(make("bdi", "", text("id")));
    this.place.textContent = place;
    this.words = listWords(text("article"), WORD);
    this.gold = listWords(text(GOLD), ROUGE_WORDS[this.data.words], this.stems);
    this.length.textContent = plural(this.words.length, "word");
    for (const [system, card] of this.cards) {
      card.value = text(system);
      card.words = this.data.words === "labels" ? [] : listWords(card.value, WORD);
      card.compared = listWords(card.value, ROUGE_WORDS[this.data.words], this.stems);
      card.fragments = findFragments(this.words, card.words);
      card.score.textContent = scores.get(system) ?? "";
      card.box.style.setProperty("--share", `${scores.get(system) ?? 0}%`);
      card.told.textContent = this.tell(system, card);
    }
    this.text = text("article");
    this.source.scrollTop = 0;
    this.paint();
  }

  tell(system, card) {
    const right = matchWords(card.compared, this.gold).every(Boolean);
    if (this.data.words === "labels") return system === GOLD ? "" : right ? "right" : "wrong";
    const longest = Math.max(0, ...card.fragments.map(({ length }) => length));
    const told = [
      card.words.length ? plural(card.words.length, "word") : "empty",
      `longest run in the article ${plural(longest, "word")}`,
    ];
    if (system !== GOLD) {
      const shared = matchWords(card.compared, this.gold).filter(Boolean).length;
      told.splice(1, 0, `${shared} of ${plural(this.gold.length, `${this.data.reference} word`)}`);
    }
    return told.join(" · ");
  }

  /** Keeps a summary's runs marked, or lets go of it. */
  hold(system) {
    this.held = this.held === system ? null : system;
    for (const [name, card] of this.cards)
      card.button.setAttribute("aria-pressed", String(name === this.held));
    this.paint();
  }

  point(system) {
    this.pointed = system;
    this.paint();
  }

  paint() {
    const traced = this.pointed ?? this.held;
    const known = new Set(this.words.map(({ word }) => word));
    for (const [system, card] of this.cards) {
      const against = system === GOLD ? this.cards.get(traced)?.compared ?? [] : this.gold;
      const shared = system === traced && system === GOLD ? [] : matchWords(card.compared, against);
      const absent = card.words.map(({ word }) => system === traced && !known.has(word));
      card.box.classList.toggle("traced", system === traced);
      paint(card.text, card.value, [
        { name: "hit", places: joinPlaces(card.compared, shared, card.value) },
        { name: "absent", places: joinPlaces(card.words, absent, card.value) },
      ]);
    }
    this.paintArticle(this.cards.get(traced)?.fragments ?? []);
  }

  paintArticle(fragments) {
    const places = (long) =>
      fragments
        .filter(({ length }) => length >= LONG === long)
        .map(({ at, length }) => [this.words[at].start, this.words[at + length - 1].end]);
    paint(this.article, this.text, [
      { name: "run", places: places(false) },
      { name: "run long", places: places(true) },
    ]);
    this.bringIntoSight(this.article.querySelector(".long"));
  }

  /** Scrolls the article, and nothing else, to a mark that is out of sight. */
  bringIntoSight(mark) {
    if (!mark) return;
    const [box, place] = [this.source, mark].map((node) => node.getBoundingClientRect());
    if (place.bottom > box.bottom || place.top < box.top)
      this.source.scrollTop += place.top - box.top - 60;
  }
}
