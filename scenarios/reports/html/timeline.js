// The timeline: a lane for each container, in it a row for each sort of entry, and a column for each
// entry that the filter lets through: order matters more than time, of which there may be none
// between thousands of entries. Only what is in view exists as elements.

const LABELS = 150, AXIS = 20, LINE = 18, TITLE = 20;  // px: widths and heights
const COLUMNS = [3, 6, 12, 26, 48, 90, 160];           // px: widths of a column
const USUAL_COLUMN = 3;
const LONGEST_LABEL = 260;
const TICK_DISTANCE = 84;
const NO_CONTAINER = '(no container)';

class Timeline {
  constructor(onFocus) {
    this.onFocus = onFocus;
    this.box = document.getElementById('timeline');
    this.canvas = document.getElementById('canvas');
    this.layer = document.getElementById('entries');
    this.gutter = document.getElementById('gutter');
    this.axis = document.getElementById('axis');
    this.zoom = USUAL_COLUMN;
    this.journal = null;
    this.shown = [];
    this.rows = [];
    this.lanes = [];
    this.elements = new Map();  // by seq: those in view
    this.current = 0;           // seq of the entry that has, or would get, the focus
    this.pending = false;
    this.box.addEventListener('scroll', () => this.drawSoon());
    window.addEventListener('resize', () => this.drawSoon());
    this.layer.addEventListener('focusin', (event) => this.focused(event.target));
    this.layer.addEventListener('click', (event) => event.target.closest('.entry')?.focus());
  }

  get column() { return COLUMNS[this.zoom]; }

  // Shows those entries of the journal, in their order.
  show(journal, shown) {
    this.journal = journal;
    this.shown = shown;
    this.columns = new Map(shown.map((entry, column) => [entry.seq, column]));
    if (!this.columns.has(this.current)) this.current = shown.length ? shown[0].seq : 0;
    this.layOut();
    this.clear();
    this.draw();
  }

  // --- Where everything stands ---------------------------------------------------------------

  layOut() {
    const lanes = new Map();
    this.shown.forEach((entry, column) => {
      const name = entry.id || NO_CONTAINER;
      if (!lanes.has(name)) lanes.set(name, {name, rows: new Map()});
      const rows = lanes.get(name).rows;
      if (!rows.has(entry.row)) rows.set(entry.row, {row: entry.row, items: [], bars: [], free: []});
      this.place(rows.get(entry.row), entry, column);
    });
    this.lanes = [...lanes.values()];
    this.lanes.sort((a, b) => (b.name === NO_CONTAINER) - (a.name === NO_CONTAINER));
    this.stack();
    this.findTicks();
  }

  // A line of its row that is free there; what spans keeps its line until it ends.
  place(row, entry, column) {
    const begin = entry.part === 'end' && row.open?.get(entry.partner);
    const item = {entry, column, line: 0, until: this.shown.length};
    if (begin) {
      item.line = begin.line;
      row.bars.push({from: begin.column, to: column, line: begin.line, unended: false});
      row.open.delete(entry.partner);
      row.free[item.line] = column + 1;
    } else {
      item.line = row.free.findIndex((free) => free <= column);
      if (item.line < 0) item.line = row.free.length;
      const end = entry.part !== 'begin' ? column
          : entry.partner ? this.columns.get(entry.partner) ?? column : this.shown.length;
      row.free[item.line] = end + 1;
      if (entry.part === 'begin' && !entry.partner) {
        row.bars.push({from: column, to: this.shown.length, line: item.line, unended: true});
      } else if (end > column) {
        (row.open ??= new Map()).set(entry.seq, item);
      }
    }
    (row.last ??= [])[item.line] && (row.last[item.line].until = column);
    row.last[item.line] = item;
    row.items.push(item);
  }

  stack() {
    let y = AXIS;
    this.rows = [];
    for (const lane of this.lanes) {
      lane.y = y;
      y += TITLE;
      for (const row of [...lane.rows.values()].sort((a, b) => a.row - b.row)) {
        row.y = y;
        row.height = row.free.length * LINE + 2;
        row.lane = lane;
        y += row.height;
        this.rows.push(row);
      }
      lane.bottom = y;
    }
    this.height = y + LINE;
    this.itemOf = new Map();
    for (const row of this.rows) {
      for (const item of row.items) this.itemOf.set(item.entry.seq, {row, item});
    }
  }

  // Columns where the clock has gone on.
  findTicks() {
    this.ticks = [];
    let last = -1;
    this.shown.forEach((entry, column) => {
      if (entry.t !== last) this.ticks.push({column, text: timeText(entry.t)});
      last = entry.t;
    });
  }

  // Of the leftmost entry that is whole.
  timeAt(column) {
    const entry = this.shown[Math.min(column, this.shown.length - 1)];
    return entry ? timeText(entry.t) : '';
  }

  left(column) { return LABELS + column * this.column; }

  // --- What is in view -----------------------------------------------------------------------

  clear() {
    for (const element of this.elements.values()) element.remove();
    this.elements.clear();
  }

  drawSoon() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => { this.pending = false; this.draw(); });
  }

  view() {
    const margin = 120;
    const {scrollLeft, scrollTop, clientWidth, clientHeight} = this.box;
    return {
      first: Math.max(0, Math.floor((scrollLeft - margin) / this.column)),
      last: Math.min(this.shown.length - 1,
                     Math.ceil((scrollLeft + clientWidth - LABELS + margin) / this.column)),
      left: Math.ceil(scrollLeft / this.column),
      top: scrollTop - margin,
      bottom: scrollTop + clientHeight + margin,
    };
  }

  draw() {
    if (!this.journal) return;
    this.canvas.style.width = this.left(this.shown.length) + 40 + 'px';
    this.canvas.style.height = this.height + 'px';
    // `contain` takes its height from nobody: as much as is there, up to the style's greatest.
    this.box.style.height = this.height + 24 + 'px';
    const view = this.view();
    const rows = this.rows.filter((row) => row.y < view.bottom && row.y + row.height > view.top);
    const wanted = new Set();
    let decoration = '';
    for (const row of rows) {
      decoration += this.barsOf(row, view);
      this.drawItems(row, view, wanted);
    }
    for (const [seq, element] of this.elements) {
      // Who has the focus stays, wherever one scrolls.
      if (wanted.has(seq) || element === document.activeElement) continue;
      element.remove();
      this.elements.delete(seq);
    }
    this.drawDecoration(decoration + this.stripesAndTicks(view));
    this.drawLabels(rows, view);
    this.drawOverviewWindow();
  }

  barsOf(row, view) {
    let html = '';
    for (const bar of row.bars) {
      if (bar.to < view.first || bar.from > view.last) continue;
      // Never wider than the view: browsers draw huge elements badly.
      const from = Math.max(bar.from, view.first - 1), to = Math.min(bar.to, view.last + 1);
      html += `<div class="bar r${row.row}${bar.unended ? ' unended' : ''}" style="left:${this.left(from)}px;` +
          `width:${(to - from) * this.column}px;top:${row.y + 1 + bar.line * LINE}px"></div>`;
    }
    return html;
  }

  stripesAndTicks(view) {
    let html = '';
    for (const lane of this.lanes) {
      if (lane.y > view.bottom || lane.bottom < view.top) continue;
      html += `<div class="stripe" style="top:${lane.y}px"></div>`;
    }
    let labels = '', free = -1;
    for (let i = firstAt(this.ticks, view.first); i < this.ticks.length; ++i) {
      const tick = this.ticks[i];
      if (tick.column > view.last) break;
      const x = this.left(tick.column);
      if (x < free) continue;
      html += `<div class="tick" style="left:${x}px"></div>`;
      labels += `<span style="left:${x}px">${tick.text}</span>`;
      free = x + TICK_DISTANCE;
    }
    this.axis.innerHTML = `<div id="corner">${this.timeAt(view.left)}</div>` + labels;
    return html;
  }

  drawDecoration(html) {
    if (!this.decoration) {
      this.decoration = document.createElement('div');
      this.layer.prepend(this.decoration);
    }
    this.decoration.innerHTML = html;
  }

  drawItems(row, view, wanted) {
    for (let i = firstAt(row.items, view.first); i < row.items.length; ++i) {
      const item = row.items[i];
      if (item.column > view.last) break;
      wanted.add(item.entry.seq);
      if (!this.elements.has(item.entry.seq)) this.add(row, item);
    }
  }

  add(row, item) {
    const {entry} = item;
    const element = document.createElement('button');
    element.type = 'button';
    element.className = `entry r${row.row} ${entry.part}` +
        (entry.violations.length ? ' violated' : '') + (isBad(entry) ? ' failed-entry' : '');
    element.dataset.seq = entry.seq;
    element.tabIndex = entry.seq === this.current ? 0 : -1;
    const room = (item.until - item.column) * this.column;
    const label = labelOf(entry);
    // Wide enough for its label if there is room; about 6.5 px a letter.
    const width = Math.max(this.column, Math.min(room, LONGEST_LABEL, label.length * 6.5 + 14));
    element.style.cssText = `left:${this.left(item.column)}px;top:${row.y + 1 + item.line * LINE}px;` +
        `width:${Math.max(3, width - 1)}px`;
    element.textContent = width >= 12 ? label : '';
    element.setAttribute('aria-label', fieldsOf(entry).map((pair) => pair.join(' ')).join(', ') +
        (entry.violations.length ? ', shows a violation' : ''));
    this.elements.set(entry.seq, element);
    this.layer.append(element);
  }

  drawLabels(rows, view) {
    const fragment = document.createDocumentFragment();
    const label = (y, height, text, name) => {
      const element = document.createElement('div');
      element.className = name;
      element.textContent = element.title = text;
      element.style.cssText = `top:${y - AXIS}px;height:${height}px`;
      fragment.append(element);
    };
    for (const lane of this.lanes) {
      if (lane.y < view.bottom && lane.y + TITLE > view.top) label(lane.y, TITLE, lane.name, 'lane');
    }
    for (const row of rows) label(row.y, row.height, report.rows[row.row], 'row r' + row.row);
    this.gutter.replaceChildren(fragment);
  }

  // --- The whole of it, in one line ----------------------------------------------------------

  drawOverview() {
    const overview = document.getElementById('overview');
    for (const mark of overview.querySelectorAll('.violated')) mark.remove();
    const marked = this.shown.filter((entry) => entry.violations.length);
    // A thousand marks are as good as all.
    const step = Math.max(1, Math.floor(marked.length / 1000));
    for (let i = 0; i < marked.length; i += step) {
      const mark = document.createElement('div');
      mark.className = 'violated';
      mark.style.left = 100 * this.columns.get(marked[i].seq) / this.shown.length + '%';
      overview.append(mark);
    }
  }

  drawOverviewWindow() {
    const all = Math.max(1, this.shown.length * this.column);
    const frame = document.getElementById('window');
    frame.style.left = Math.min(100, 100 * this.box.scrollLeft / all) + '%';
    frame.style.width = Math.min(100, 100 * (this.box.clientWidth - LABELS) / all) + '%';
  }

  // Columns as wide as all of them have room for, but never narrower than usual.
  fit(count) {
    const room = (this.box.clientWidth - LABELS - 60) / Math.max(1, count);
    this.zoom = Math.max(USUAL_COLUMN, COLUMNS.findLastIndex((width) => width <= room));
  }

  // --- Moving --------------------------------------------------------------------------------

  setZoom(zoom) {
    const middle = (this.box.scrollLeft + (this.box.clientWidth - LABELS) / 2) / this.column;
    this.zoom = Math.max(0, Math.min(COLUMNS.length - 1, zoom));
    this.canvas.style.width = this.left(this.shown.length) + 40 + 'px';
    this.box.scrollLeft = middle * this.column - (this.box.clientWidth - LABELS) / 2;
    const hadFocus = this.layer.contains(document.activeElement);
    this.clear();
    this.draw();
    if (hadFocus) this.focus(this.current);
  }

  scrollTo(seq) {
    const found = this.itemOf.get(seq);
    if (!found) return;
    const x = found.item.column * this.column, y = found.row.y + found.item.line * LINE;
    const width = this.box.clientWidth - LABELS, height = this.box.clientHeight;
    if (x < this.box.scrollLeft + 20 || x > this.box.scrollLeft + width - 120) {
      this.box.scrollLeft = x - width / 3;
    }
    if (y < this.box.scrollTop + AXIS + TITLE || y > this.box.scrollTop + height - 2 * LINE) {
      this.box.scrollTop = y - height / 3;
    }
  }

  // Shows the entry, and gives it the focus. False if the filter hides it.
  focus(seq) {
    if (!this.itemOf.has(seq)) return false;
    this.scrollTo(seq);
    this.draw();
    const element = this.elements.get(seq);
    element?.focus({preventScroll: true});
    return element !== undefined;
  }

  focused(element) {
    const seq = Number(element.dataset?.seq || 0);
    if (!seq) return;
    const before = this.elements.get(this.current);
    if (before) before.tabIndex = -1;
    this.current = seq;
    element.tabIndex = 0;
    this.markRelated(this.journal.at(seq));
    this.onFocus(this.journal.at(seq));
  }

  markRelated(entry) {
    for (const element of this.layer.querySelectorAll('.related')) element.classList.remove('related');
    for (const seq of [entry.partner, entry.cause, ...entry.effects]) {
      this.elements.get(seq)?.classList.add('related');
    }
  }

  // By so many entries in their order.
  step(count) {
    if (!this.shown.length) return;
    const column = (this.columns.get(this.current) ?? 0) + count;
    this.focus(this.shown[Math.max(0, Math.min(this.shown.length - 1, column))].seq);
  }

  stepInRow(count) {
    const {row, item} = this.itemOf.get(this.current) || {};
    const next = row?.items[row.items.indexOf(item) + count];
    if (next) this.focus(next.entry.seq);
  }

  // To the nearest entry of the row above or below.
  stepRow(count) {
    const {row, item} = this.itemOf.get(this.current) || {};
    const next = this.rows[this.rows.indexOf(row) + count];
    if (!row || !next) return;
    const after = firstAt(next.items, item.column);
    const near = [next.items[after - 1], next.items[after]].filter(Boolean)
        .sort((a, b) => Math.abs(a.column - item.column) - Math.abs(b.column - item.column));
    this.focus(near[0].entry.seq);
  }

  stepViolation(count) {
    const column = this.columns.get(this.current) ?? 0;
    for (let i = column + count; i >= 0 && i < this.shown.length; i += count) {
      if (this.shown[i].violations.length) return this.focus(this.shown[i].seq);
    }
    return false;
  }
}

// Of things by column, ascending: the first one at `column` or behind it.
function firstAt(things, column) {
  let low = 0, high = things.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (things[middle].column < column) low = middle + 1; else high = middle;
  }
  return low;
}
