// Evidence: a journal on its way through the judges, with what several of them need to know of it,
// found out once.
//
// Threads: one at a time; while nobody records.
#pragma once

#include <optional>

#include "scenarios/guarantees/causes.h"
#include "scenarios/guarantees/guarantee.h"
#include "scenarios/guarantees/lives.h"

namespace scenarios {

class Evidence {
 public:
  // `journal` outlives it.
  explicit Evidence(const Journal& journal, const JudgeOptions& options = {})
      : journal_(journal), options_(options) {}
  Evidence(const Evidence&) = delete;
  Evidence& operator=(const Evidence&) = delete;

  const Journal& journal() const { return journal_; }
  const JudgeOptions& options() const { return options_; }
  const Lives& lives() const {
    if (!lives_) lives_ = CutIntoLives(journal_);
    return *lives_;
  }
  // Which event led to which callback.
  const Causes& causes() const {
    if (!causes_) causes_ = FindCauses(journal_, lives());
    return *causes_;
  }

 private:
  const Journal& journal_;
  const JudgeOptions options_;
  mutable std::optional<Lives> lives_;
  mutable std::optional<Causes> causes_;
};

}  // namespace scenarios
