#include "scenarios/reports/story.h"

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <vector>

#include "scenarios/guarantees/evidence.h"
#include "scenarios/reports/entry_words.h"
#include "scenarios/reports/text_table.h"

namespace scenarios {
namespace {

// The entries to tell of a violation: those that show it, and those of the same containers around
// each of them.
std::set<std::uint64_t> EntriesAround(const Journal& journal, const Violation& violation,
                                      std::size_t around) {
  std::set<std::uint64_t> told;
  const auto& entries = journal.entries();
  for (const std::uint64_t seq : violation.entries) {
    if (seq == 0 || seq > entries.size()) continue;
    told.insert(seq);
    const Symbol id = entries[seq - 1].id;
    std::size_t left = around;
    for (std::uint64_t before = seq - 1; before > 0 && left > 0; --before) {
      if (entries[before - 1].id == id) told.insert(before), --left;
    }
    left = around;
    for (std::uint64_t after = seq + 1; after <= entries.size() && left > 0; ++after) {
      if (entries[after - 1].id == id) told.insert(after), --left;
    }
  }
  return told;
}

std::string GapText(const Journal& journal, std::uint64_t last, std::uint64_t seq) {
  if (last == 0 || seq == last + 1) return "";
  const auto passed = journal.entries()[seq - 1].t - journal.entries()[last - 1].t;
  const std::uint64_t count = seq - last - 1;
  std::string text = "       … " + std::to_string(count) + (count == 1 ? " entry" : " entries");
  if (passed.count() > 0) text += ", " + DurationText(passed) + " later";
  return text + "\n";
}

std::string ViolationStory(const Journal& journal, const Violation& violation, std::size_t around) {
  std::string text;
  std::uint64_t last = 0;
  for (const std::uint64_t seq : EntriesAround(journal, violation, around)) {
    const bool shows = std::ranges::find(violation.entries, seq) != violation.entries.end();
    text += GapText(journal, last, seq);
    text += (shows ? "     > " : "       ") + EntryLine(journal, journal.entries()[seq - 1]) + "\n";
    last = seq;
  }
  return text;
}

std::string GuaranteeStory(const Journal& journal, const ReportedGuarantee& guarantee,
                           std::size_t around) {
  std::string text = "\n" + guarantee.name + " is broken";
  if (guarantee.demand == Demand::kBroken) text += ", as it had to be";
  text += "\n  " + guarantee.sentence + "\n";
  std::size_t number = 0;
  for (const Violation& violation : guarantee.violations) {
    text += "\n  " + std::to_string(++number) + ". " + violation.what + "\n";
    text += ViolationStory(journal, violation, around);
  }
  return text;
}

std::size_t CountVerdict(const ReportedScenario& scenario, Verdict verdict) {
  return static_cast<std::size_t>(
      std::ranges::count(scenario.guarantees, verdict, &ReportedGuarantee::verdict));
}

std::string Opening(const ReportedScenario& scenario, std::size_t lives) {
  const auto& entries = scenario.journal->entries();
  std::ostringstream text;
  text << scenario.name << ": " << entries.size()
       << (entries.size() == 1 ? " entry, " : " entries, ") << lives
       << (lives == 1 ? " life of a container, " : " lives of containers, ")
       << (entries.empty() ? "0" : DurationText(entries.back().t)) << " on its clock\n"
       << CountVerdict(scenario, Verdict::kHeld) << " guarantees held, "
       << CountVerdict(scenario, Verdict::kBroken) << " broken, "
       << CountVerdict(scenario, Verdict::kNotObservable) << " not observable\n";
  return text.str();
}

std::string At(const Journal& journal, std::uint64_t seq) {
  if (seq == 0) return "-";
  return "#" + std::to_string(seq) + " " + DurationText(journal.entries()[seq - 1].t);
}

// How it began: "create", "restore", "live restore", and how that call ended.
std::string Beginning(const Life& life) {
  std::string text = life.restored ? (life.live ? "live restore" : "restore") : "create";
  if (life.Failed()) text += ", failed";
  return text;
}

std::string ExitText(const Journal& journal, const Life& life) {
  std::string text = At(journal, life.exit_begin);
  if (life.exit_begin == 0) return text;
  const Entry& exit = journal.entries()[life.exit_begin - 1];
  text += " code " + std::to_string(exit.code);
  if (exit.flag) text += " OOM";
  return text;
}

// What it still lacks when the journal ends.
std::string FateText(const Life& life) {
  if (life.engine_gone != 0) return "left behind by the engine";
  if (life.superseded) return "taken over by a restore";
  if (life.exit_begin != 0) return life.exit_end != 0 ? "ended" : "its exit is being told";
  if (life.Failed()) return "never ran";
  if (life.exit_delivered != 0) return "exited, not told";
  return life.exit_emitted != 0 ? "exited, not received" : "runs";
}

}  // namespace

std::string LivesTable(const Journal& journal) {
  const Lives lives = CutIntoLives(journal);
  if (lives.all().empty()) return "";
  TextTable table({"life", "by", "begins", "told started", "oom received", "exit emitted",
                   "exit received", "told exit", "in the end"});
  for (const Life& life : lives.all()) {
    table.Add({LifeName(journal, life), Beginning(life), At(journal, life.begin),
               At(journal, life.start_begin), At(journal, life.oom_delivered),
               At(journal, life.exit_emitted), At(journal, life.exit_delivered),
               ExitText(journal, life), FateText(life)});
  }
  return table.Text();
}

std::string Story(const ReportedScenario& scenario, std::size_t around) {
  const Journal& journal = *scenario.journal;
  std::string text = Opening(scenario, CutIntoLives(journal).all().size());
  for (const ReportedGuarantee& guarantee : scenario.guarantees) {
    if (guarantee.verdict == Verdict::kBroken) text += GuaranteeStory(journal, guarantee, around);
  }
  const std::string lives = LivesTable(journal);
  if (!lives.empty()) text += "\nLives of containers\n\n" + lives;
  return text;
}

}  // namespace scenarios
