// The page: summary, list of scenarios, one scenario with its violations, filters, keys. An address
// ends in #SCENARIO or #SCENARIO/ENTRY, so that everything can be linked to.

const $ = (id) => document.getElementById(id);
const MOST_SCENARIOS = 2000;  // in the list at once; the filter finds the others

const timeline = new Timeline(showDetails);
let current = -1;             // number of the scenario that is shown
const verdictsHidden = new Set();
const rowsHidden = new Set();

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const className = (verdict) => verdict.replaceAll(' ', '-');
const seconds = (ms) => ms < 1000 ? ms.toPrecision(3) + ' ms' : (ms / 1000).toPrecision(3) + ' s';
const counted = (count, noun) => count + ' ' + noun + (count === 1 ? '' : 's');

// --- Summary ------------------------------------------------------------------------------------

function showSummary() {
  const run = report.run;
  $('run-title').textContent = run.command;
  document.title = run.command + ' — Drydock report';
  const facts = [counted(report.scenarios.length, 'scenario'), 'seed ' + run.seed];
  if (run.transport) facts.push('transport ' + run.transport);
  if (run.shard.of > 1) facts.push(`shard ${run.shard.index} of ${run.shard.of}`);
  if (run.time_ms) facts.push(seconds(run.time_ms));
  if (run.started) facts.push(run.started);
  facts.push(Object.entries(run.versions).map((pair) => pair.join(' ')).join(', '));
  $('run-facts').textContent = facts.filter(Boolean).join(' · ');
  for (const [verdict, count] of Object.entries(report.summary)) {
    const button = make('button', {type: 'button', className: className(verdict)}, `${count} ${verdict}`);
    button.setAttribute('aria-pressed', 'true');
    button.addEventListener('click', () => {
      const hidden = verdictsHidden.delete(verdict) ? false : Boolean(verdictsHidden.add(verdict));
      button.setAttribute('aria-pressed', String(!hidden));
      showList();
    });
    $('counts').append(button);
  }
  const slowest = report.scenarios.map((scenario, index) => ({scenario, index}))
      .sort((a, b) => b.scenario.time_ms - a.scenario.time_ms).slice(0, 5);
  $('slowest').hidden = !slowest.length;
  $('slowest').querySelector('ol').append(...slowest.map(({scenario, index}) => make('li', {},
      make('a', {href: '#' + index}, scenario.name), ' ' + seconds(scenario.time_ms))));
}

// --- List ---------------------------------------------------------------------------------------

// What the filter of scenarios looks into.
function scenarioWords(scenario) {
  scenario.words ??= [scenario.name, scenario.intent, scenario.file, scenario.museum, scenario.transport,
                      scenario.verdict, ...scenario.tags,
                      ...scenario.guarantees.filter((g) => g.bad || g.verdict === 'broken').map((g) => g.name),
  ].join(' ').toLowerCase();
  return scenario.words;
}

function listed() {
  const words = $('scenario-filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  return report.scenarios.map((scenario, index) => index).filter((index) => {
    const scenario = report.scenarios[index];
    return !verdictsHidden.has(scenario.verdict) &&
        words.every((word) => scenarioWords(scenario).includes(word));
  });
}

function showList() {
  const indexes = listed();
  $('scenarios').replaceChildren(...indexes.slice(0, MOST_SCENARIOS).map((index) => {
    const scenario = report.scenarios[index];
    const link = make('a', {href: '#' + index, className: className(scenario.verdict)}, scenario.name,
                      make('small', {}, seconds(scenario.time_ms)));
    link.setAttribute('aria-label', `${scenario.name}, ${scenario.verdict}`);
    link.title = `${scenario.verdict}: ${scenario.intent || scenario.name}`;
    if (index === current) link.setAttribute('aria-current', 'true');
    return make('li', {}, link);
  }));
  const hidden = Math.max(0, indexes.length - MOST_SCENARIOS);
  $('scenario-count').textContent = `${indexes.length} of ${counted(report.scenarios.length, 'scenario')}` +
      (hidden ? `, ${hidden} of them only by the filter` : '');
}

function markCurrent() {
  for (const link of $('scenarios').querySelectorAll('a')) {
    if (link.getAttribute('href') === '#' + current) {
      link.setAttribute('aria-current', 'true');
      link.scrollIntoView({block: 'nearest'});
    } else {
      link.removeAttribute('aria-current');
    }
  }
}

// --- One scenario -------------------------------------------------------------------------------

function showScenario(index) {
  current = index;
  const scenario = report.scenarios[index];
  $('scenario-name').textContent = scenario.name;
  $('scenario-verdict').textContent = scenario.verdict;
  $('scenario-verdict').className = 'badge ' + className(scenario.verdict);
  $('scenario-intent').textContent = scenario.intent || '';
  $('scenario-facts').textContent = factsOf(scenario).join(' · ');
  $('scenario-reproduce').textContent = scenario.reproduce || '';
  showComplaints(scenario);
  showViolations(index, scenario);
  showGuarantees(scenario);
  const journal = journalOf(index);
  $('timeline-section').hidden = !journal;
  $('no-timeline').hidden = Boolean(journal);
  $('details').replaceChildren();
  if (journal) {
    fillFilters(journal, scenario);
    timeline.current = 0;
    timeline.fit(journal.entries.length);
    timeline.box.scrollLeft = timeline.box.scrollTop = 0;
    filterEntries();
  }
  markCurrent();
}

function factsOf(scenario) {
  const facts = [scenario.file, scenario.museum && 'museum ' + scenario.museum, scenario.transport,
                 'seed ' + scenario.seed, 'took ' + seconds(scenario.time_ms),
                 'its clock went on by ' + timeText(scenario.clock_ns),
                 counted(scenario.actions, 'action') + (scenario.actions_before_shrinking
                     ? `, shrunk from ${scenario.actions_before_shrinking}` : ''),
                 scenario.resembles && 'resembles ' + scenario.resembles, ...scenario.tags];
  return facts.filter(Boolean);
}

function showComplaints(scenario) {
  const complaints = scenario.complaints.map(
      (complaint) => (complaint.line ? `${complaint.file}:${complaint.line}:${complaint.column}: ` : '') + complaint.what);
  if (scenario.cannot_judge) complaints.unshift(scenario.cannot_judge);
  $('complaints').replaceChildren(...complaints.map((text) => make('li', {}, text)));
}

function showViolations(index, scenario) {
  const items = violationsOf(scenario).map((violation, number) => {
    const item = make('li', {id: 'violation-' + number, tabIndex: -1},
        make('strong', {className: violation.guarantee.bad ? 'broken' : ''}, violation.guarantee.name),
        violation.guarantee.demand === 'broken' ? ' (had to be broken)' : '', ': ', violation.what, ' ');
    violation.entries.forEach((seq) => item.append(make('a', {href: `#${index}/${seq}`}, '#' + seq), ' '));
    item.append(make('div', {className: 'sentence'}, report.guarantees[violation.guarantee.name] || ''));
    return item;
  });
  for (const guarantee of scenario.guarantees.filter((g) => g.bad && !(g.violations || []).length)) {
    items.push(make('li', {}, make('strong', {className: 'broken'}, guarantee.name),
        `: had to be ${guarantee.demand}, and is ${guarantee.verdict}`));
  }
  $('violations').replaceChildren(...items);
}

function showGuarantees(scenario) {
  const counts = new Map();
  for (const {verdict} of scenario.guarantees) counts.set(verdict, (counts.get(verdict) || 0) + 1);
  $('guarantees').hidden = !scenario.guarantees.length;
  $('guarantees').querySelector('summary').textContent =
      'Guarantees: ' + [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
  $('guarantees').querySelector('tbody').replaceChildren(...scenario.guarantees.map((guarantee) => make('tr', {},
      make('td', {}, guarantee.name), make('td', {className: className(guarantee.verdict)}, guarantee.verdict),
      make('td', {}, report.guarantees[guarantee.name] || ''))));
}

// --- Filters of entries -------------------------------------------------------------------------

function fillFilters(journal, scenario) {
  $('entry-filter').value = '';
  const containers = [...new Set(journal.entries.map((entry) => entry.id))].filter(Boolean);
  $('container-filter').replaceChildren(new Option('all', '*'), ...containers.map((id) => new Option(id, '=' + id)));
  if (journal.entries.some((entry) => !entry.id)) $('container-filter').add(new Option(NO_CONTAINER, '='));
  const violations = violationsOf(scenario);
  const names = [...new Set(violations.map((violation) => violation.guarantee.name))];
  $('guarantee-filter').replaceChildren(new Option('all', ''));
  if (names.length) $('guarantee-filter').add(new Option('any violation', '*'));
  for (const name of names) $('guarantee-filter').add(new Option(name, name));
  const present = new Set(journal.entries.map((entry) => entry.row));
  const boxes = [...present].sort((a, b) => a - b).map((row) => {
    const box = make('input', {type: 'checkbox', checked: !rowsHidden.has(row)});
    box.dataset.row = row;
    box.addEventListener('change', () => {
      if (box.checked) rowsHidden.delete(row); else rowsHidden.add(row);
      filterEntries();
    });
    return make('label', {className: 'r' + row}, box, report.rows[row]);
  });
  $('row-filter').replaceChildren($('row-filter').querySelector('legend'), ...boxes);
}

function wantedEntries(journal) {
  const words = $('entry-filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  const container = $('container-filter').value, guarantee = $('guarantee-filter').value;
  const violations = violationsOf(report.scenarios[current]);
  const shows = (entry) => guarantee === '*' ? entry.violations.length > 0
      : entry.violations.some((number) => violations[number].guarantee.name === guarantee);
  return journal.entries.filter((entry) =>
      !rowsHidden.has(entry.row) && (container === '*' || '=' + entry.id === container) &&
      (guarantee === '' || shows(entry)) && words.every((word) => matches(entry, word)));
}

// "#12" is an entry, anything else a piece of its words.
function matches(entry, word) {
  return /^#\d+$/.test(word) ? word === '#' + entry.seq : wordsOf(entry).includes(word);
}

function filterEntries() {
  const journal = journalOf(current);
  if (!journal) return;
  const shown = wantedEntries(journal);
  timeline.show(journal, shown);
  timeline.drawOverview();
  $('entry-count').textContent = shown.length === journal.entries.length
      ? `${shown.length} entries` : `${shown.length} of ${journal.entries.length} entries`;
}

function clearFilters() {
  $('entry-filter').value = '';
  $('container-filter').value = '*';
  $('guarantee-filter').value = '';
  rowsHidden.clear();
  for (const box of $('row-filter').querySelectorAll('input')) box.checked = true;
  filterEntries();
}

// --- One entry ----------------------------------------------------------------------------------

function showDetails(entry) {
  const list = make('dl');
  const add = (name, ...values) => list.append(make('dt', {}, name), make('dd', {}, ...values));
  for (const [name, text] of fieldsOf(entry)) add(name, text);
  const link = (seq) => make('a', {href: `#${current}/${seq}`}, '#' + seq);
  if (entry.partner) add(entry.part === 'begin' ? 'ends with' : 'began with', link(entry.partner));
  else if (entry.part === 'begin') add('ends with', 'nothing: it never ended');
  if (entry.cause) add('comes of', link(entry.cause));
  if (entry.effects.length) add('led to', ...entry.effects.flatMap((seq) => [link(seq), ' ']));
  const violations = violationsOf(report.scenarios[current]);
  for (const number of entry.violations) {
    const button = make('button', {type: 'button', className: 'to-violation'}, violations[number].guarantee.name);
    button.addEventListener('click', () => showViolation(number));
    add('violates', button, ' ' + violations[number].what);
  }
  add('journal', lineOf(entry));
  $('details').replaceChildren(list);
}

function showViolation(number) {
  for (const item of $('violations').querySelectorAll('.told')) item.classList.remove('told');
  const item = $('violation-' + number);
  item.classList.add('told');
  item.scrollIntoView({block: 'center'});
  item.focus({preventScroll: true});
}

// Whole, beside the pointer.
function showHover(event) {
  const element = event.target.closest?.('.entry');
  $('hover').hidden = !element;
  if (!element) return;
  const entry = timeline.journal.at(Number(element.dataset.seq));
  $('hover').textContent = fieldsOf(entry).map(([name, text]) => name + ': ' + text).join('\n');
  const {width, height} = $('hover').getBoundingClientRect();
  $('hover').style.left = Math.max(0, Math.min(event.clientX + 14, innerWidth - width - 4)) + 'px';
  const below = event.clientY + 18;
  $('hover').style.top = (below + height > innerHeight ? Math.max(0, event.clientY - height - 10) : below) + 'px';
}

// --- Keys and addresses -------------------------------------------------------------------------

const KEYS = {
  ArrowRight: (event) => event.shiftKey ? timeline.stepInRow(1) : timeline.step(1),
  ArrowLeft: (event) => event.shiftKey ? timeline.stepInRow(-1) : timeline.step(-1),
  ArrowDown: () => timeline.stepRow(1),
  ArrowUp: () => timeline.stepRow(-1),
  PageDown: () => timeline.step(50),
  PageUp: () => timeline.step(-50),
  Home: () => timeline.step(-Infinity),
  End: () => timeline.step(Infinity),
  Enter: () => timeline.focus(timeline.journal.at(timeline.current).partner),
};
const KEYS_ANYWHERE = {
  '/': () => ($('timeline-section').hidden ? $('scenario-filter') : $('entry-filter')).focus(),
  's': () => $('scenario-filter').focus(),
  'n': () => timeline.stepViolation(1),
  'p': () => timeline.stepViolation(-1),
  'j': () => stepScenario(1),
  'k': () => stepScenario(-1),
  '+': () => timeline.setZoom(timeline.zoom + 1),
  '-': () => timeline.setZoom(timeline.zoom - 1),
  'Escape': () => clearFilters(),
};

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const target = event.target;
  if (target.matches('input[type=search], select')) return onFilterKey(event);
  const inTimeline = target.closest('#entries');
  const action = (inTimeline && KEYS[event.key]) || KEYS_ANYWHERE[event.key];
  if (!action) return;
  event.preventDefault();
  action(event);
}

// In a filter Escape clears it, or leaves it; Enter and the arrow go on to what it shows.
function onFilterKey(event) {
  const target = event.target;
  if (target.matches('select')) return;
  const entries = target.id === 'entry-filter';
  if (event.key === 'Escape' && target.value) {
    target.value = '';
    target.dispatchEvent(new Event('input'));
  } else if (event.key === 'Escape' || event.key === 'Enter' || event.key === 'ArrowDown') {
    if (entries) timeline.focus(timeline.current); else $('scenarios').querySelector('a')?.focus();
  } else {
    return;
  }
  event.preventDefault();
}

function stepScenario(count) {
  const indexes = listed();
  const next = indexes[indexes.indexOf(current) + count];
  if (next === undefined) return;
  location.hash = next;
  followAddress();  // now: the event comes later, perhaps after the next key
}

// #SCENARIO or #SCENARIO/ENTRY; anything else is the page's own.
function followAddress() {
  const match = /^#(\d+)(?:\/(\d+))?$/.exec(location.hash);
  if (!match || !report.scenarios[match[1]]) return false;
  const index = Number(match[1]), seq = Number(match[2] || 0);
  if (index !== current) showScenario(index);
  if (seq && journalOf(index)?.at(seq)) {
    if (!timeline.itemOf.has(seq)) clearFilters();
    timeline.box.scrollIntoView({block: 'nearest'});
    timeline.focus(seq);
  }
  return true;
}

function start() {
  showSummary();
  showList();
  $('entry-filter').addEventListener('input', filterEntries);
  $('container-filter').addEventListener('change', filterEntries);
  $('guarantee-filter').addEventListener('change', filterEntries);
  $('scenario-filter').addEventListener('input', showList);
  $('zoom-in').addEventListener('click', () => timeline.setZoom(timeline.zoom + 1));
  $('zoom-out').addEventListener('click', () => timeline.setZoom(timeline.zoom - 1));
  $('overview').addEventListener('click', (event) => {
    const box = $('overview').getBoundingClientRect();
    timeline.box.scrollLeft = (event.clientX - box.left) / box.width * timeline.shown.length * timeline.column -
        timeline.box.clientWidth / 2;
  });
  timeline.layer.addEventListener('pointerover', showHover);
  timeline.layer.addEventListener('pointerout', () => { $('hover').hidden = true; });
  document.addEventListener('keydown', onKey);
  // A link to where the address is already is followed, too.
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link && link.getAttribute('href') === location.hash) followAddress();
  });
  window.addEventListener('hashchange', followAddress);
  if (followAddress() || !report.scenarios.length) return;
  // What went wrong first is what one wants to see.
  const failed = report.scenarios.findIndex((scenario) => scenario.verdict === 'failed');
  showScenario(Math.max(0, failed));
}

start();
