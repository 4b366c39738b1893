#include "scenarios/runner/values.h"

#include "fake_containerd/script_choices.h"

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

Result<libcontainerd::Error> ParseErrorText(const std::string& text) {
  constexpr int kCodes = 17;
  const auto space = text.find(' ');
  std::string known;
  for (int i = 1; i < kCodes; ++i) {
    const ErrorCode code = libcontainerd::ErrorCodeFromNumber(i);
    const std::string name(ErrorCodeName(code));
    if (text.substr(0, space) == name) {
      return libcontainerd::Error{code, space == std::string::npos ? "" : text.substr(space + 1)};
    }
    known += (known.empty() ? "" : ", ") + name;
  }
  return Fail(ErrorCode::kInvalidArgument,
              "error \"" + text + "\": expected a code and a text, the code one of " + known);
}

Result<fake_containerd::Choices> ParseChoicesText(const JsonText& choices, std::uint64_t seed) {
  if (choices.text.empty()) return fake_containerd::Choices();
  return fake_containerd::ParseChoices(choices.text, seed);
}

}  // namespace scenarios
