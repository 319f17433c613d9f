// A list of any length of which only the rows in sight are in the document.

const SPARE = 6; // rows above and below those in sight

class LongList {
  /**
   * @param box scrolls, and has the listbox role
   * @param inner is as high as all rows
   * @param draw fills a row's element for an item
   * @param choose is called with a position that was clicked
   */
  constructor(box, inner, draw, choose) {
    Object.assign(this, { box, inner, draw, items: [], chosen: -1, rows: new Map() });
    box.addEventListener("scroll", () => this.render(), { passive: true });
    new ResizeObserver(() => this.render()).observe(box);
    inner.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) choose(row.position);
    });
    this.height = this.measure();
  }

  /** The height that the style sheet gives a row. */
  measure() {
    const probe = this.make();
    this.inner.append(probe);
    const { height } = probe.getBoundingClientRect();
    probe.remove();
    return height || 64;
  }

  make() {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "option");
    return row;
  }

  /** Takes other items; every row is drawn again. */
  show(items) {
    this.items = items;
    this.rows.forEach((row) => row.remove());
    this.rows.clear();
    this.inner.style.height = `${items.length * this.height}px`;
    this.render();
  }

  /** Chooses a position and brings it into sight. */
  choose(position) {
    this.chosen = position;
    const top = position * this.height;
    const { scrollTop, clientHeight } = this.box;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight)
      this.box.scrollTop = top + this.height - clientHeight;
    this.render();
  }

  get page() {
    return Math.max(1, Math.floor(this.box.clientHeight / this.height) - 1);
  }

  render() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.height) - SPARE);
    const seen = Math.ceil(this.box.clientHeight / this.height) + 2 * SPARE;
    const last = Math.min(this.items.length, first + seen);
    for (const [position, row] of this.rows) {
      if (position >= first && position < last) continue;
      row.remove();
      this.rows.delete(position);
    }
    for (let position = first; position < last; position += 1) {
      if (!this.rows.has(position)) this.add(position);
      this.rows.get(position).setAttribute("aria-selected", String(position === this.chosen));
    }
    if (this.rows.has(this.chosen))
      this.box.setAttribute("aria-activedescendant", `row-${this.chosen}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  add(position) {
    const row = this.make();
    row.id = `row-${position}`;
    row.position = position;
    row.setAttribute("aria-posinset", position + 1);
    row.setAttribute("aria-setsize", this.items.length);
    row.style.transform = `translateY(${position * this.height}px)`;
    this.draw(row, this.items[position]);
    this.inner.append(row);
    this.rows.set(position, row);
  }
}
