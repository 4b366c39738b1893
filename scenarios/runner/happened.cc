#include "scenarios/runner/happened.h"

#include <utility>

namespace scenarios {

std::uint32_t Happened::Emitted(const std::string& type, const std::string& id,
                                const std::string& process) const {
  std::uint32_t count = 0;
  for (const auto& [key, times] : emitted_) {
    const auto& [its_type, its_id, its_process] = key;
    if (its_type != type) continue;
    if (!id.empty() && its_id != id) continue;
    if (!process.empty() && its_process != process) continue;
    count += times;
  }
  return count;
}

std::optional<fake_containerd::Event> Happened::Latest(const std::string& type,
                                                       const std::string& id,
                                                       const std::string& process) const {
  const auto found = latest_.find({type, id, process});
  if (found == latest_.end()) return std::nullopt;
  return found->second;
}

std::uint32_t Happened::Fired(const std::string& point) const {
  std::uint32_t count = 0;
  for (const auto& [where, times] : fired_) {
    const auto at = where.find('@');
    if (fake_containerd::PointMatches(point, where.substr(0, at), where.substr(at + 1))) {
      count += times;
    }
  }
  return count;
}

std::string Happened::StdinOf(const std::string& id, const std::string& process) const {
  const auto found = stdins_.find({id, process});
  return found == stdins_.end() ? std::string() : found->second;
}

void Happened::OnEventEmitted(const fake_containerd::Event& event) {
  const std::string type(EventKindName(event.kind));
  ++emitted_[{type, event.container.id, event.process}];
  latest_[{type, event.container.id, event.process}] = event;
  latest_[{type, event.container.id, ""}] = event;
}

void Happened::OnStdioBytes(const fake_containerd::ContainerKey& container,
                            const std::string& process, fake_containerd::StdioStream stream,
                            std::string_view data) {
  if (stream == fake_containerd::StdioStream::kStdin) stdins_[{container.id, process}] += data;
}

void Happened::OnFaultFired(const fake_containerd::FiredFault& fault) {
  ++fired_[fault.point + "@" + fault.subject];
  const bool half_open = fault.term.find("halfopen") != std::string::npos;
  if (half_open && fault.point.starts_with("stream.")) ++half_open_;
  const bool breaks = fault.term.find("break") != std::string::npos;
  if (breaks && fault.point.starts_with("stream.")) ++broken_;
}

}  // namespace scenarios
