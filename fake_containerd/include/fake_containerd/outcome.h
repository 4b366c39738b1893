// Outcome: whether a step could be taken or what was waited for came — and if not, a sentence that
// says what was missing. It must be looked at.
//
//   if (Outcome outcome = fake.ExitInit("web", 3); !outcome) return outcome.message();
//   ASSERT_TRUE(fake.WaitForContainer("web"));  // GoogleTest prints the sentence
//
// The toolkit knows no test framework: whatever can be made of a bool, be streamed into and has a
// failure_message(), as testing::AssertionResult, an Outcome turns into.
#pragma once

#include <string>
#include <utility>

namespace fake_containerd {

template <class T>
concept TestVerdict = requires(T& verdict, const std::string& text) {
  verdict.failure_message();
  verdict << text;
  T(true);
};

class [[nodiscard]] Outcome {
 public:
  Outcome() = default;  // it worked
  static Outcome Failed(std::string sentence) {
    Outcome outcome;
    outcome.failed_ = true;
    outcome.message_ = std::move(sentence);
    return outcome;
  }

  explicit operator bool() const { return !failed_; }
  // Empty if it worked.
  const std::string& message() const { return message_; }

  template <TestVerdict Verdict>
  operator Verdict() const {  // NOLINT(google-explicit-constructor): as a verdict it is passed on
    Verdict verdict(!failed_);
    verdict << message_;
    return verdict;
  }

 private:
  bool failed_ = false;
  std::string message_;
};

}  // namespace fake_containerd
