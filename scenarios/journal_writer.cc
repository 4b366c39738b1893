#include <algorithm>
#include <charconv>
#include <ostream>

#include <nlohmann/json.hpp>

#include "scenarios/journal.h"
#include "scenarios/journal_fields.h"

namespace scenarios {
namespace {

constexpr std::size_t kFlushBytes = 1 << 16;

bool IsPlain(const std::string& text) {
  return std::ranges::all_of(text,
                             [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

// Appends the fields of one line to `line`.
class LineWriter {
 public:
  // `required` stand there even if they are zero or empty.
  LineWriter(const Journal& journal, FieldMask required, std::string& line)
      : journal_(journal), required_(required), line_(line) {}

  template <class Integer>
  void Number(Field field, Integer value) {
    Name(field);
    char digits[24];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    line_.append(digits, end);
  }
  template <class Integer>
  void NumberUnlessZero(Field field, Integer value) {
    if (value != 0 || IsRequired(field)) Number(field, value);
  }
  void TrueOnly(Field field, bool value) {
    if (!value) return;
    Name(field);
    line_ += "true";
  }
  void Text(Field field, Symbol symbol) {
    if (symbol == Symbol{} && !IsRequired(field)) return;
    Name(field);
    const std::string& text = journal_.Text(symbol);
    if (IsPlain(text)) {
      line_.append(1, '"').append(text).append(1, '"');
    } else {
      line_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
  }
  void Word(Field field, std::string_view word) {
    Name(field);
    line_.append(1, '"').append(word).append(1, '"');
  }

 private:
  bool IsRequired(Field field) const { return (required_ & MaskOf(field)) != 0; }
  void Name(Field field) {
    line_.append(first_ ? "{\"" : ",\"").append(FieldName(field)).append("\":");
    first_ = false;
  }

  const Journal& journal_;
  FieldMask required_;
  std::string& line_;
  bool first_ = true;
};

void AppendLine(const Journal& journal, const Entry& entry, std::string& out) {
  LineWriter line(journal, RequiredFields(entry.kind), out);
  line.Number(Field::kSeq, entry.seq);
  line.Number(Field::kT, static_cast<std::int64_t>(entry.t.count()));
  line.Word(Field::kKind, EntryKindName(entry.kind));
  line.Text(Field::kWhat, entry.what);
  line.Text(Field::kId, entry.id);
  line.Text(Field::kProcess, entry.process);
  line.NumberUnlessZero(Field::kNumber, entry.number);
  line.NumberUnlessZero(Field::kCode, entry.code);
  line.NumberUnlessZero(Field::kPid, entry.pid);
  line.TrueOnly(Field::kFlag, entry.flag);
  line.TrueOnly(Field::kFailed, entry.failed);
  line.NumberUnlessZero(Field::kStamp, entry.stamp);
  line.Text(Field::kText, entry.text);
  out += '}';
}

}  // namespace

std::span<const std::string_view> JournalFieldNames() {
  return kFieldNames;
}

std::string ToJsonLine(const Journal& journal, const Entry& entry) {
  std::string line;
  AppendLine(journal, entry, line);
  return line;
}

void WriteJournal(const Journal& journal, std::ostream& out) {
  std::string buffer;
  for (const Entry& entry : journal.entries()) {
    AppendLine(journal, entry, buffer);
    buffer += '\n';
    if (buffer.size() < kFlushBytes) continue;
    out << buffer;
    buffer.clear();
  }
  out << buffer;
}

}  // namespace scenarios
