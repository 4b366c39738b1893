'use strict';
// The report's data, and the journals in it as entries with words.

const report = JSON.parse(document.getElementById('report-data').textContent);

// As html_report.cc writes an entry; what stands at its end and is zero is left out.
const FIELDS = ['kind', 't', 'what', 'id', 'process', 'number', 'code', 'pid', 'flags', 'text',
                'partner', 'cause', 'stamp'];
const FLAG = 1, FAILED = 2;
// Kinds whose number is one of bytes.
const BYTES = new Set(['stdio_written', 'stdio_read', 'stdio_eof', 'stdio_source_eof']);
const CODES = ['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND',
               'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION',
               'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS',
               'UNAUTHENTICATED'];

class Journal {
  constructor(data) {
    const strings = data.strings;
    // entries[seq - 1]; `effects` of an event are what it led to.
    this.entries = data.entries.map((raw, index) => {
      const kind = report.kinds[raw[0]];
      return {
        seq: index + 1, kind: kind.name, row: kind.row, part: kind.part, t: raw[1] || 0,
        what: strings[raw[2] || 0], id: strings[raw[3] || 0], process: strings[raw[4] || 0],
        number: raw[5] || 0, code: raw[6] || 0, pid: raw[7] || 0,
        flag: ((raw[8] || 0) & FLAG) !== 0, failed: ((raw[8] || 0) & FAILED) !== 0,
        text: strings[raw[9] || 0], partner: raw[10] || 0, cause: raw[11] || 0,
        stamp: raw[12] || '', effects: [], violations: [], words: '',
      };
    });
    for (const entry of this.entries) {
      if (entry.cause) this.at(entry.cause).effects.push(entry.seq);
    }
  }
  at(seq) { return this.entries[seq - 1]; }
}

const journals = new Map();

// Of the scenario with that number; null if its journal was not kept.
function journalOf(index) {
  if (!journals.has(index)) {
    const data = document.getElementById('journal-' + index);
    const journal = data ? new Journal(JSON.parse(data.textContent)) : null;
    if (journal) markViolations(journal, violationsOf(report.scenarios[index]));
    journals.set(index, journal);
  }
  return journals.get(index);
}

// All violations of a scenario, in the order in which they are listed.
function violationsOf(scenario) {
  return scenario.guarantees.flatMap((guarantee) => (guarantee.violations || []).map(
    (violation) => ({guarantee, what: violation.what, entries: violation.entries})));
}

function markViolations(journal, violations) {
  violations.forEach((violation, index) => {
    for (const seq of violation.entries) {
      if (journal.at(seq)) journal.at(seq).violations.push(index);
    }
  });
}

function timeText(nanoseconds) {
  for (const [size, unit] of [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']]) {
    if (nanoseconds >= size) return Number((nanoseconds / size).toPrecision(9)) + ' ' + unit;
  }
  return '0';
}

// Within its row and lane: short.
function labelOf(entry) {
  const words = [entry.what || entry.kind.replace(/_(begin|end)$/, '').replaceAll('_', ' ')];
  if (entry.row === 2 && entry.kind !== 'event_emitted') words.unshift(entry.kind.slice('event_'.length));
  if (entry.row === 4) words.splice(0, 1, entry.kind.slice('stdio_'.length).replace('_', ' '), entry.what || 'streams');
  if (entry.process && entry.process !== 'init') words.push(entry.process);
  if (entry.code) words.push(codeText(entry));
  if (BYTES.has(entry.kind)) words.push(entry.number);
  if (entry.part === 'end') words.unshift(isBad(entry) ? '✗' : '✓');
  if (entry.violations.length) words.unshift('!');
  return words.join(' ');
}

// What ended here ended with an error.
function isBad(entry) {
  return entry.failed || ((entry.row === 0 || entry.row === 1) && entry.code !== 0);
}

// Of calls and RPCs the name that gRPC has for it.
function codeText(entry) {
  const named = entry.kind === 'call_end' || entry.kind === 'rpc_end' || entry.kind === 'health_checked';
  return named ? CODES[entry.code] || String(entry.code) : String(entry.code);
}

// The entry's line of the journal.
function lineOf(entry) {
  const line = {seq: entry.seq, t: entry.t, kind: entry.kind};
  for (const name of ['what', 'id', 'process', 'number', 'code', 'pid', 'flag', 'failed']) {
    if (entry[name]) line[name] = entry[name];
  }
  let text = JSON.stringify(line);
  if (entry.stamp) text = text.slice(0, -1) + ',"stamp":' + entry.stamp + '}';
  if (entry.text) text = text.slice(0, -1) + ',"text":' + JSON.stringify(entry.text) + '}';
  return text;
}

// All of an entry, as pairs of a name and a text.
function fieldsOf(entry) {
  const fields = [['entry', '#' + entry.seq + ' ' + entry.kind], ['time', timeText(entry.t)]];
  const add = (name, value) => { if (value) fields.push([name, String(value)]); };
  add('what', entry.what);
  add('container', entry.id);
  add('process', entry.process);
  add('number', entry.number);
  if (entry.code) add('code', entry.code === Number(codeText(entry)) ? entry.code : entry.code + ' ' + codeText(entry));
  add('pid', entry.pid);
  add('flag', entry.flag);
  add('failed', entry.failed);
  if (entry.stamp) add('stamp', entry.stamp + stampText(entry));
  add('text', entry.text);
  return fields;
}

// A timestamp is a date, but for calls, where it is a time-out.
function stampText(entry) {
  if (entry.row === 0) return ' (' + timeText(Number(entry.stamp)) + ')';
  const date = new Date(Number(BigInt(entry.stamp) / 1000000n));
  return Number.isNaN(date.getTime()) ? '' : ' (' + date.toISOString() + ')';
}

// What the filter looks into, made when it is first needed.
function wordsOf(entry) {
  if (!entry.words) {
    entry.words = ['#' + entry.seq, entry.kind, entry.what, entry.id, entry.process, entry.text,
                   entry.code ? codeText(entry) : ''].join(' ').toLowerCase();
  }
  return entry.words;
}
