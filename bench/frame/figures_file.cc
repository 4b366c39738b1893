#include "bench/frame/figures_file.h"

#include <cstdlib>
#include <fstream>
#include <thread>

#include <sys/utsname.h>

#include <nlohmann/json.hpp>

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

std::string Processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

Json Versions() {
#ifdef __clang__
  constexpr char kCompiler[] = "clang " __clang_version__;
#else
  constexpr char kCompiler[] = "g++ " __VERSION__;
#endif
  return {{"drydock", DRYDOCK_VERSION},
          {"compiler", kCompiler},
          {"grpc", DRYDOCK_GRPC_VERSION},
          {"protobuf", DRYDOCK_PROTOBUF_VERSION}};
}

Json Machine() {
  utsname system{};
  ::uname(&system);
  double load = 0;
  ::getloadavg(&load, 1);
  return {{"processor", Processor()},
          {"cores", std::thread::hardware_concurrency()},
          {"kernel", system.release},
          {"load", load}};
}

Json ReachJson(const Reach& reach, const char* of, double figure) {
  return {{"of", of},
          {"relation", reach.relation == Reach::Relation::kAtLeast ? ">=" : "<="},
          {"value", reach.value},
          {"holds", Holds(reach, figure)}};
}

Json FigureJson(const CaseFigures& of, const Held& held, bool first) {
  const Measured& measured = of.measured;
  Json figure{{"suite", of.suite}, {"case", of.name}, {"unit", of.unit}};
  figure["better"] = of.better == Better::kHigher ? "higher" : "lower";
  figure["subject"] = measured.subject;
  figure["subject_min"] = measured.subject_min;
  figure["subject_max"] = measured.subject_max;
  if (!held.floor.empty()) {
    figure["floor"] = held.floor;
    figure["floor_median"] = held.floor_median;
    figure["ratio"] = held.ratio;
  }
  figure["rounds"] = measured.rounds;
  figure["sets"] = measured.sets;
  figure["spread"] = held.spread;
  figure["refused"] = !of.exact && held.spread > kWidestSpread;
  Json reach = Json::array();
  if (held.reach) reach.push_back(ReachJson(*held.reach, "ratio", held.ratio));
  if (of.reach && first) reach.push_back(ReachJson(*of.reach, "subject", measured.subject));
  if (!reach.empty()) figure["reach"] = std::move(reach);
  return figure;
}

Json SeriesJson(const CaseFigures& of, const Series& series) {
  Json points = Json::array();
  for (const Point& point : series.points) points.push_back({point.x, point.y});
  return {{"suite", of.suite},       {"case", of.name},         {"name", series.name},
          {"x_unit", series.x_unit}, {"y_unit", series.y_unit}, {"points", std::move(points)}};
}

}  // namespace

std::string ModeName(Mode mode) {
  if (mode == Mode::kFull) return "full";
  if (mode == Mode::kLong) return "long";
  return mode == Mode::kQuick ? "quick" : "tiny";
}

std::string ToJson(const std::vector<CaseFigures>& figures, const Settings& settings) {
  Json file{{"format", kFormat}, {"mode", ModeName(settings.mode)}, {"machine", Machine()}};
  file["versions"] = Versions();
  if (!settings.containerd.empty()) file["containerd"] = settings.containerd;
  file["figures"] = Json::array();
  file["series"] = Json::array();
  for (const CaseFigures& one : figures) {
    bool first = true;
    for (const Held& held : one.measured.held) {
      file["figures"].push_back(FigureJson(one, held, std::exchange(first, false)));
    }
    for (const Series& series : one.series) file["series"].push_back(SeriesJson(one, series));
  }
  return file.dump(1) + "\n";
}

}  // namespace bench
