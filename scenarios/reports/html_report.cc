#include "scenarios/reports/html_report.h"

#include <array>
#include <charconv>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "scenarios/reports/html_source.h"
#include "scenarios/reports/report_json.h"
#include "scenarios/reports/text_encoding.h"
#include "scenarios/reports/timeline.h"

namespace scenarios {
namespace {

using Json = nlohmann::ordered_json;

// A journal as the page reads it: {"strings": […], "entries": [[kind, t, …], …]}. An entry is an
// array of numbers in the order of FIELDS of journal.js, without the zeros at its end; strings are
// numbers of `strings`, which holds "" first.
class JournalData {
 public:
  explicit JournalData(const Journal& journal) : journal_(journal), timeline_(journal) {}

  std::string Text() {
    std::string entries;
    for (const Entry& entry : journal_.entries()) Append(entry, entries);
    std::string text = "{\"strings\":[\"\"";
    for (const Symbol symbol : strings_) text.append(",").append(Quoted(symbol));
    return text.append("],\"entries\":[").append(entries).append("]}");
  }

 private:
  enum Flags : std::uint32_t { kFlag = 1, kFailed = 2 };

  std::string Quoted(Symbol symbol) const { return JsonString(journal_.Text(symbol)); }
  std::uint64_t NumberOf(Symbol symbol) {
    if (symbol == Symbol{}) return 0;
    const auto [found, added] = numbers_.try_emplace(symbol, strings_.size() + 1);
    if (added) strings_.push_back(symbol);
    return found->second;
  }
  void Append(const Entry& entry, std::string& out) {
    const std::uint32_t flags = (entry.flag ? kFlag : 0U) | (entry.failed ? kFailed : 0U);
    // Timestamps are too long for the page's numbers.
    const std::array<std::int64_t, 13> fields = {
        static_cast<std::int64_t>(entry.kind),
        entry.t.count(),
        static_cast<std::int64_t>(NumberOf(entry.what)),
        static_cast<std::int64_t>(NumberOf(entry.id)),
        static_cast<std::int64_t>(NumberOf(entry.process)),
        static_cast<std::int64_t>(entry.number),
        entry.code,
        entry.pid,
        flags,
        static_cast<std::int64_t>(NumberOf(entry.text)),
        static_cast<std::int64_t>(timeline_.PartnerOf(entry)),
        static_cast<std::int64_t>(timeline_.CauseOf(entry)),
        entry.stamp};
    constexpr std::size_t kStamp = 12;
    std::size_t count = fields.size();
    while (count > 1 && fields[count - 1] == 0) --count;
    out += out.empty() ? "[" : ",[";
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out += ',';
      if (i == kStamp) out += '"';
      AppendNumber(fields[i], out);
      if (i == kStamp) out += '"';
    }
    out += ']';
  }
  static void AppendNumber(std::int64_t number, std::string& out) {
    std::array<char, 24> digits{};
    out.append(digits.data(),
               std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
  }

  const Journal& journal_;
  const Timeline timeline_;
  std::vector<Symbol> strings_;  // number n + 1
  std::unordered_map<Symbol, std::uint64_t> numbers_;
};

Json KindsJson() {
  Json kinds = Json::array();
  for (std::size_t i = 0; i < kEntryKindCount; ++i) {
    const auto kind = static_cast<EntryKind>(i);
    kinds.push_back({{"name", EntryKindName(kind)},
                     {"row", static_cast<std::size_t>(RowOf(kind))},
                     {"part", IsBegin(kind) ? "begin" : (IsEnd(kind) ? "end" : "point")}});
  }
  return kinds;
}

Json RowsJson() {
  Json rows = Json::array();
  for (std::size_t i = 0; i < kRowCount; ++i) rows.push_back(RowName(static_cast<Row>(i)));
  return rows;
}

// Seeds are too long for the page's numbers.
Json SummaryForPage(const Report& report) {
  Json json = Json::parse(ReportJson(report));
  json["run"]["seed"] = std::to_string(report.run.seed);
  for (std::size_t i = 0; i < report.scenarios.size(); ++i) {
    json["scenarios"][i]["seed"] = std::to_string(report.scenarios[i].seed);
  }
  json["kinds"] = KindsJson();
  json["rows"] = RowsJson();
  return json;
}

void AppendData(std::string_view id, std::string json, std::string& out) {
  out.append("<script type=\"application/json\" id=\"").append(id).append("\">");
  out.append(ForScript(std::move(json))).append("</script>\n");
}

std::string Data(const Report& report) {
  std::string out;
  AppendData("report-data", SummaryForPage(report).dump(-1, ' ', true), out);
  for (std::size_t i = 0; i < report.scenarios.size(); ++i) {
    const auto& journal = report.scenarios[i].journal;
    if (journal) AppendData("journal-" + std::to_string(i), JournalData(*journal).Text(), out);
  }
  return out;
}

void Replace(std::string& page, std::string_view mark, std::string_view text) {
  const std::size_t at = page.find(mark);
  if (at != std::string::npos) page.replace(at, mark.size(), text);
}

}  // namespace

std::string HtmlReport(const Report& report) {
  std::string page(html_source::Page());
  Replace(page, "/* report.css */", html_source::Style());
  Replace(page, "/* journal.js */", html_source::JournalScript());
  Replace(page, "/* timeline.js */", html_source::TimelineScript());
  Replace(page, "/* report.js */", html_source::ReportScript());
  // Last: whatever stands in there is not looked at any more.
  Replace(page, "<!-- data -->", Data(report));
  return page;
}

}  // namespace scenarios
