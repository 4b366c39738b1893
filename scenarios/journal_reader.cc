#include <algorithm>
#include <istream>
#include <limits>

#include <nlohmann/json.hpp>

#include "scenarios/journal.h"
#include "scenarios/journal_fields.h"

namespace scenarios {
namespace {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Status;

std::string Quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

template <class Names>
std::string OneOf(const Names& names) {
  std::string list = "expected one of ";
  bool first = true;
  for (const std::string_view name : names) {
    list.append(first ? "" : ", ").append(name);
    first = false;
  }
  return list;
}

std::string KindList() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kEntryKindCount; ++i) {
    names.push_back(EntryKindName(static_cast<EntryKind>(i)));
  }
  return OneOf(names);
}

constexpr std::string_view kOneObject = "expected one JSON object per line";

// Fills an entry from the pieces of one line, as the JSON parser meets them. Stops at the first
// thing that is wrong.
class LineReader {
 public:
  using Json = nlohmann::json;

  explicit LineReader(Journal& journal) : journal_(journal) {}

  const Entry& entry() const { return entry_; }
  const std::string& problem() const { return problem_; }

  // What can only be said at the line's end.
  void Finish(std::uint64_t expected_seq) {
    if (!problem_.empty()) return;
    const FieldMask missing = RequiredFields(entry_.kind) & ~seen_;
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      const auto field = static_cast<Field>(i);
      if ((missing & MaskOf(field)) == 0) continue;
      const bool always = i <= static_cast<std::size_t>(Field::kKind);
      Wrong(Quoted(FieldName(field)) + " is missing, expected in every " +
            (always ? "line" : std::string(EntryKindName(entry_.kind))));
      return;
    }
    if (entry_.seq != expected_seq) {
      Wrong("\"seq\" is " + std::to_string(entry_.seq) + ", expected " +
            std::to_string(expected_seq));
    }
  }

  // The parser's events; false stops it.
  bool start_object(std::size_t) {
    if (state_ != State::kBefore) return Value("an object");
    state_ = State::kInside;
    return true;
  }
  bool end_object() {
    state_ = State::kAfter;
    return true;
  }
  bool key(std::string& name) {
    const auto found = std::ranges::find(kFieldNames, std::string_view(name));
    if (found == kFieldNames.end()) {
      return Wrong("unknown field " + Quoted(name) + ", " + OneOf(kFieldNames));
    }
    field_ = static_cast<Field>(found - kFieldNames.begin());
    if ((seen_ & MaskOf(field_)) != 0) return Wrong(Quoted(name) + " stands twice, expected once");
    seen_ |= MaskOf(field_);
    return true;
  }
  bool string(std::string& text) {
    if (state_ != State::kInside) return Value("a string");
    switch (field_) {
      case Field::kKind: {
        const std::optional<EntryKind> kind = EntryKindFromName(text);
        if (!kind) return Wrong("unknown kind " + Quoted(text) + ", " + KindList());
        entry_.kind = *kind;
        return true;
      }
      case Field::kWhat:
        return Set(entry_.what, journal_.Intern(text));
      case Field::kId:
        return Set(entry_.id, journal_.Intern(text));
      case Field::kProcess:
        return Set(entry_.process, journal_.Intern(text));
      case Field::kText:
        return Set(entry_.text, journal_.Intern(text));
      default:
        return Value("a string");
    }
  }
  bool boolean(bool value) {
    if (state_ == State::kInside && field_ == Field::kFlag) return Set(entry_.flag, value);
    if (state_ == State::kInside && field_ == Field::kFailed) return Set(entry_.failed, value);
    return Value(value ? "true" : "false");
  }
  bool number_unsigned(std::uint64_t value) {
    if (state_ != State::kInside) return Value("a number");
    switch (field_) {
      case Field::kSeq:
        return Set(entry_.seq, value);
      case Field::kNumber:
        return Set(entry_.number, value);
      case Field::kCode:
        return SetSmall(entry_.code, value);
      case Field::kPid:
        return SetSmall(entry_.pid, value);
      case Field::kT:
      case Field::kStamp:
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
          return Value(std::to_string(value));
        }
        return SetSigned(static_cast<std::int64_t>(value));
      default:
        return Value("a number");
    }
  }
  // Negative ones only: the parser prefers unsigned.
  bool number_integer(std::int64_t value) {
    if (state_ != State::kInside) return Value("a number");
    if (field_ == Field::kT || field_ == Field::kStamp) return SetSigned(value);
    return Value(std::to_string(value));
  }
  bool number_float(double, const std::string& text) {
    return Value(state_ == State::kInside ? text : "a number");
  }
  bool null() { return Value("null"); }
  bool start_array(std::size_t) { return Value("an array"); }
  bool end_array() { return true; }
  bool binary(Json::binary_t&) { return Value("binary"); }
  bool parse_error(std::size_t column, const std::string&, const nlohmann::detail::exception&) {
    if (state_ == State::kAfter) {
      return Wrong("something follows the object, " + std::string(kOneObject));
    }
    return Wrong("not JSON at column " + std::to_string(column) + ", " + std::string(kOneObject));
  }

 private:
  enum class State : std::uint8_t { kBefore, kInside, kAfter };

  bool Wrong(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  // `found` stands where it does not belong.
  bool Value(const std::string& found) {
    if (state_ == State::kBefore) return Wrong(found + ", " + std::string(kOneObject));
    return Wrong(Quoted(FieldName(field_)) + " is " + found + ", expected " + Expected());
  }

  std::string Expected() const {
    switch (field_) {
      case Field::kKind:
      case Field::kWhat:
      case Field::kId:
      case Field::kProcess:
      case Field::kText:
        return "a string";
      case Field::kFlag:
      case Field::kFailed:
        return "true or false";
      case Field::kCode:
      case Field::kPid:
        return "a whole number from 0 to 4294967295";
      case Field::kSeq:
      case Field::kNumber:
        return "a whole number from 0 to 18446744073709551615";
      default:
        return "a whole number of nanoseconds in 64 bits";
    }
  }

  template <class T>
  static bool Set(T& target, T value) {
    target = value;
    return true;
  }
  bool SetSmall(std::uint32_t& target, std::uint64_t value) {
    if (value > std::numeric_limits<std::uint32_t>::max()) return Value(std::to_string(value));
    target = static_cast<std::uint32_t>(value);
    return true;
  }
  bool SetSigned(std::int64_t value) {
    if (field_ == Field::kStamp) return Set(entry_.stamp, value);
    return Set(entry_.t, libcontainerd::Duration(value));
  }

  Journal& journal_;
  Entry entry_;
  State state_ = State::kBefore;
  Field field_ = Field::kSeq;
  FieldMask seen_ = 0;
  std::string problem_;
};

}  // namespace

Status ReadJournal(std::istream& in, const std::string& name, Journal& journal) {
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    LineReader reader(journal);
    nlohmann::json::sax_parse(line, &reader);
    reader.Finish(number);
    if (!reader.problem().empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  name + ':' + std::to_string(number) + ": " + reader.problem());
    }
    journal.Record(reader.entry());
  }
  if (in.bad()) return Fail(ErrorCode::kInvalidArgument, name + ": cannot be read");
  return {};
}

}  // namespace scenarios
