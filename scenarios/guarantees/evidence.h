// Evidence: a journal on its way through the judges, with what several of them need to know of it,
// found out once.
//
// Threads: one at a time; while nobody records.
#pragma once

#include <optional>

#include "scenarios/guarantees/causes.h"
#include "scenarios/guarantees/guarantee.h"
#include "scenarios/guarantees/lives.h"
#include "scenarios/guarantees/words.h"

namespace scenarios {

class Evidence {
 public:
  // `journal` outlives it.
  explicit Evidence(const Journal& journal, const JudgeOptions& options = {})
      : journal_(journal), options_(options), words_(journal) {}
  Evidence(const Evidence&) = delete;
  Evidence& operator=(const Evidence&) = delete;

  const Journal& journal() const { return journal_; }
  const JudgeOptions& options() const { return options_; }
  const Words& words() const { return words_; }
  const Entry& At(std::uint64_t seq) const { return journal_.entries()[seq - 1]; }
  const Lives& lives() const {
    if (!lives_) lives_ = CutIntoLives(journal_);
    return *lives_;
  }
  // Something that was due at `due` happened at `at`: too late?
  bool Late(libcontainerd::Duration due, libcontainerd::Duration at) const;
  // Something that was due then had not happened when the journal ended.
  bool Missed(libcontainerd::Duration due) const {
    return !journal_.entries().empty() && journal_.entries().back().t > due;
  }
  // Which event led to which callback.
  const Causes& causes() const {
    if (!causes_) causes_ = FindCauses(journal_, lives());
    return *causes_;
  }

 private:
  const Journal& journal_;
  const JudgeOptions options_;
  const Words words_;
  mutable std::optional<Lives> lives_;
  mutable std::optional<Causes> causes_;
};

}  // namespace scenarios
