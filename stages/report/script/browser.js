// The browser of test articles: order, search, keys, and the address that leads back here.

/** The state of the controls, and which articles it shows in which order. */
class Browser {
  constructor(data) {
    this.data = data;
    this.count = data.texts.id.length;
    this.all = Array.from({ length: this.count }, (_, index) => index);
    this.down = false;
    this.lowered = [];
    for (const name of ["first", "second", "measure", "order", "query", "direction"])
      this[name] = document.getElementById(name);
    this.told = document.getElementById("count");
    this.box = document.getElementById("browser");
    this.box.hidden = false;
    const [list, rows, detail] = ["list", "rows", "detail"].map((id) => document.getElementById(id));
    this.detail = new Detail(detail, data, (step) => this.step(step));
    this.list = new LongList(list, rows, (row, index) => this.draw(row, index), (position) => {
      this.choose(position);
      list.focus({ preventScroll: true });
      if (getComputedStyle(list.parentElement).display === "block") detail.scrollIntoView();
    });
    this.listen();
    this.update(this.recall());
    clearTimeout(this.writing); // an address that nobody asked to change stays as it is
  }

  listen() {
    for (const control of [this.first, this.second, this.measure, this.order])
      control.addEventListener("change", () => this.update());
    this.query.addEventListener("input", () => this.update(true));
    this.direction.addEventListener("click", () => this.turn());
    document.getElementById("swap").addEventListener("click", () => this.swap());
    document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => this.press(event));
    window.addEventListener("hashchange", () => this.recall() && this.update(true));
  }

  /** A system's score on an article, in points. */
  score(system, index) {
    return this.data.points[system][this.measure.value][index] / 100;
  }

  difference(index) {
    const scores = (control) => this.data.points[control.value][this.measure.value][index];
    return (scores(this.first) - scores(this.second)) / 100;
  }

  /** What articles are sorted by; null keeps the order of the test set. */
  get key() {
    const order = this.order.value;
    if (order === "test") return null;
    if (order === "id") return (index) => this.data.texts.id[index];
    if (order === "mean")
      return (index) => this.data.systems.reduce((sum, system) => sum + this.score(system, index), 0);
    if (order === "difference") return (index) => this.difference(index);
    if (order === "distance") return (index) => Math.abs(this.difference(index));
    return (index) => this.score(order, index);
  }

  /** Indices of the articles that the search finds, in order. */
  arrange() {
    const words = this.query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.all.filter((index) => words.every((word) => this.lower(index).includes(word)));
    const key = this.key;
    if (key) {
      const keys = new Map(found.map((index) => [index, key(index)]));
      found.sort((a, b) => {
        const [left, right] = [keys.get(a), keys.get(b)];
        return left < right ? -1 : left > right ? 1 : a - b;
      });
    }
    return this.down ? found.reverse() : found;
  }

  lower(index) {
    this.lowered[index] ??= Object.values(this.data.texts)
      .map((texts) => texts[index])
      .join("\n")
      .toLowerCase();
    return this.lowered[index];
  }

  /** Orders anew and chooses the first article, or keeps the chosen one where it is found. */
  update(keep = false) {
    this.items = this.arrange();
    this.widest = this.all.reduce(
      (widest, index) => Math.max(widest, Math.abs(this.difference(index))),
      1,
    );
    this.direction.textContent = this.down ? "↓ falling" : "↑ rising";
    this.told.textContent =
      this.items.length === this.count
        ? plural(this.count, this.data.input)
        : `${this.items.length} of ${plural(this.count, this.data.input)}`;
    this.detail.compare(this.first.value, this.second.value);
    this.list.show(this.items);
    this.choose(keep ? Math.max(0, this.items.indexOf(this.shown)) : 0);
  }

  choose(position) {
    const index = this.items[position];
    this.detail.box.hidden = index === undefined;
    this.list.choose(index === undefined ? -1 : position);
    if (index === undefined) return;
    this.shown = index;
    const systems = this.data.systems;
    const scores = new Map(systems.map((name) => [name, this.score(name, index).toFixed(1)]));
    const [a, b] = [this.first.value, this.second.value];
    this.detail.show(
      index,
      `${position + 1} of ${this.items.length} · ${this.data.measures[this.measure.value]}: ` +
        `${a} ${scores.get(a)} − ${b} ${scores.get(b)} = ${signed(this.difference(index))}`,
      scores,
    );
    highlight(this.detail.texts, this.query.value);
    this.remember();
  }

  step(step) {
    const last = this.items.length - 1;
    this.choose(Math.min(last, Math.max(0, this.list.chosen + step)));
  }

  swap() {
    [this.first.value, this.second.value] = [this.second.value, this.first.value];
    this.update(true);
  }

  turn() {
    this.down = !this.down;
    this.update();
  }

  /** Fills a row of the list. */
  draw(row, index) {
    const [a, b] = [this.first.value, this.second.value];
    const difference = this.difference(index);
    const other = this.data.systems.includes(this.order.value) && ![a, b].includes(this.order.value);
    const named = (system) => make("span", `name ${system}`, this.score(system, index).toFixed(1));
    const sum = [named(a), " − ", named(b), " = ", make("b", "", signed(difference))];
    const shown = other
      ? [`${this.order.value} `, make("b", "", this.score(this.order.value, index).toFixed(1))]
      : sum;
    const bar = make("i", difference < 0 ? b : a);
    bar.style.width = `${(50 * Math.abs(difference)) / this.widest}%`;
    bar.style[difference < 0 ? "right" : "left"] = "50%";
    row.append(
      make("span", "id", make("bdi", "", this.data.texts.id[index])),
      make("span", "value", ...shown),
      make("span", "snippet", make("bdi", "", this.data.texts[GOLD][index])),
      make("span", "meter", bar),
    );
  }

  /** Keys: those of the list everywhere in it, letters wherever nothing is typed. */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), select");
    const done = typing
      ? event.target === this.query && this.pressInSearch(event.key)
      : this.pressInList(event) || this.pressLetter(event.key);
    if (done) event.preventDefault();
  }

  pressInSearch(key) {
    if (key === "Escape") {
      this.query.value = "";
      this.update(true);
    }
    const leaves = ["Escape", "Enter", "ArrowDown"].includes(key);
    if (leaves) this.list.box.focus();
    return leaves;
  }

  pressInList(event) {
    if (event.target !== this.list.box) return false;
    const far = this.items.length;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: this.list.page, PageUp: -this.list.page };
    Object.assign(steps, { Home: -far, End: far });
    if (!(event.key in steps)) return false;
    this.step(steps[event.key]);
    return true;
  }

  pressLetter(key) {
    if (!document.getElementById("shortcuts").checked) return false;
    const { top, bottom } = this.box.getBoundingClientRect();
    const inSight = top < window.innerHeight && bottom > 0;
    if (key !== "/" && !inSight) return false;
    const systems = [GOLD, ...this.data.systems];
    const help = document.getElementById("help");
    const does = {
      j: () => this.step(1),
      k: () => this.step(-1),
      s: () => this.swap(),
      r: () => this.turn(),
      "/": () => this.query.focus(),
      "?": () => (help.open = !help.open),
    };
    if (Object.hasOwn(does, key)) does[key]();
    else if (/^\d$/.test(key) && systems[key]) this.detail.hold(systems[key]);
    else return false;
    return true;
  }

  /** Writes the view into the address, not more often than browsers let a page. */
  remember() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => {
      const view = new URLSearchParams({ article: this.data.texts.id[this.shown] });
      for (const name of ["first", "second", "measure", "order", "query"])
        if (this[name].value) view.set(name, this[name].value);
      if (this.down) view.set("direction", "falling");
      history.replaceState(null, "", `#${view}`);
    }, 300);
  }

  /** Takes the view from the address; says whether there was one. */
  recall() {
    const view = new URLSearchParams(location.hash.slice(1));
    if (!view.has("article")) return false;
    for (const name of ["first", "second", "measure", "order", "query"]) {
      const known = this[name].options;
      const value = view.get(name) ?? "";
      if (!known || Array.from(known).some((option) => option.value === value))
        this[name].value = value;
    }
    this.down = view.get("direction") === "falling";
    const index = this.data.texts.id.indexOf(view.get("article"));
    if (index >= 0) this.shown = index;
    this.box.closest("section").scrollIntoView();
    return true;
  }
}

function signed(points) {
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)}`;
}

/** Shows where searched words stand, in browsers that can without touching the document. */
function highlight(nodes, query) {
  if (!CSS.highlights) return;
  CSS.highlights.delete("found");
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const ranges = [];
  for (const node of nodes) {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.data.toLowerCase();
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new StaticRange({
            startContainer: walker.currentNode,
            startOffset: at,
            endContainer: walker.currentNode,
            endOffset: Math.min(at + word.length, walker.currentNode.length),
          });
          ranges.push(range);
        }
      }
    }
  }
  if (ranges.length) CSS.highlights.set("found", new Highlight(...ranges));
}

new Browser(JSON.parse(document.getElementById("payload").textContent));
