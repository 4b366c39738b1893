#include <algorithm>

#include <nlohmann/json.hpp>

#include "scenarios/runner/perform.h"

namespace scenarios {

using libcontainerd::Client;
using libcontainerd::Result;

namespace {

// What every spec has unless a scenario says otherwise.
constexpr char kSmallSpec[] =
    R"({"process": {"args": ["/bin/program"], "env": ["A=1"], "cwd": "/", "user": {"uid": 0, "gid": 0}},)"
    R"( "linux": {}})";

// Text that is no JSON is handed over as it is: that, too, is something to try.
std::string SpecOf(const JsonText& wanted) {
  if (wanted.text.empty()) return kSmallSpec;
  const auto patch = nlohmann::json::parse(wanted.text, nullptr, false);
  if (patch.is_string()) return patch.get<std::string>();
  if (patch.is_discarded()) return wanted.text;
  auto spec = nlohmann::json::parse(kSmallSpec);
  spec.merge_patch(patch);
  return spec.dump();
}

// Sets the fields by the wire's names; false for one that is not there.
bool SetResources(const std::map<std::string, std::uint64_t>& wanted,
                  types::UpdateResource& resources) {
  const auto* reflection = resources.GetReflection();
  for (const auto& [name, value] : wanted) {
    const auto* field = resources.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_UINT64)
      return false;
    reflection->SetUInt64(&resources, field, value);
  }
  return true;
}

}  // namespace

template <class T>
void Performer::Visitor::Call(const action::CallTerms& terms, const std::string& operation,
                              const std::string& id, const std::string& process, const Of<T>& call,
                              bool live, std::function<std::string(const Result<T>&)> describe) {
  CallFacts facts;
  facts.timeout = terms.timeout;
  facts.live = live;
  if (!terms.from_callback.empty())
    facts.from_callback_of = stage_.journal().Intern(terms.from_callback);
  std::string name = operation;
  if (!id.empty()) name += " " + id;
  if (!process.empty()) name += "/" + process;
  performer_.Begun(terms, std::move(name),
                   stage_.Begin<T>(operation, id, process, call, facts, std::move(describe)));
}

void Performer::Visitor::operator()(const action::Create& create) {
  stage_.Remember(create.id);
  libcontainerd::CreateOptions options;
  options.runtime = create.runtime;
  options.runtime_args = create.runtime_args;
  options.checkpoint = create.checkpoint;
  options.checkpoint_dir = create.checkpoint_dir;
  options.timeout = create.terms.timeout;
  const std::string spec = SpecOf(create.spec);
  Call<void>(create.terms, "create", create.id, "",
             [&](Client& client) { return client.Create(create.id, spec, options); });
}

void Performer::Visitor::operator()(const action::AddProcess& add) {
  libcontainerd::ProcessSpec spec;
  spec.args = add.args;
  spec.terminal = add.terminal;
  const libcontainerd::CallOptions options{.timeout = add.terms.timeout};
  Call<libcontainerd::AddedProcess>(
      add.terms, "add-process", add.id, add.process,
      [&](Client& client) { return client.AddProcess(add.id, add.process, spec, options); });
}

void Performer::Visitor::operator()(const action::Signal& signal) {
  const libcontainerd::CallOptions options{.timeout = signal.terms.timeout};
  if (signal.process == "init") {
    Call<void>(signal.terms, "signal", signal.id, signal.process,
               [&](Client& client) { return client.Signal(signal.id, signal.signal, options); });
  } else {
    Call<void>(signal.terms, "signal-process", signal.id, signal.process, [&](Client& client) {
      return client.SignalProcess(signal.id, signal.process, signal.signal, options);
    });
  }
}

void Performer::Visitor::operator()(const action::Resize& resize) {
  const libcontainerd::CallOptions options{.timeout = resize.terms.timeout};
  Call<void>(resize.terms, "resize", resize.id, resize.process, [&](Client& client) {
    return client.Resize(resize.id, resize.process, resize.width, resize.height, options);
  });
}

void Performer::Visitor::operator()(const action::Pause& pause) {
  const libcontainerd::CallOptions options{.timeout = pause.terms.timeout};
  Call<void>(pause.terms, "pause", pause.id, "",
             [&](Client& client) { return client.Pause(pause.id, options); });
}

void Performer::Visitor::operator()(const action::Resume& resume) {
  const libcontainerd::CallOptions options{.timeout = resume.terms.timeout};
  Call<void>(resume.terms, "resume", resume.id, "",
             [&](Client& client) { return client.Resume(resume.id, options); });
}

void Performer::Visitor::operator()(const action::Stats& stats) {
  const libcontainerd::CallOptions options{.timeout = stats.terms.timeout};
  Call<types::StatsResponse>(stats.terms, "stats", stats.id, "",
                             [&](Client& client) { return client.Stats(stats.id, options); });
}

void Performer::Visitor::operator()(const action::Pids& pids) {
  const libcontainerd::CallOptions options{.timeout = pids.terms.timeout};
  Call<std::vector<std::uint32_t>>(pids.terms, "pids", pids.id, "", [&](Client& client) {
    return client.GetPidsForContainer(pids.id, options);
  });
}

void Performer::Visitor::operator()(const action::Summary& summary) {
  Call<std::vector<std::string>>(summary.terms, "summary", summary.id, "",
                                 [&](Client& client) { return client.Summary(summary.id); });
}

void Performer::Visitor::operator()(const action::Update& update) {
  types::UpdateResource resources;
  if (!SetResources(update.resources, resources)) {
    return Stop("update " + update.id + ": a resource that the wire does not have");
  }
  const libcontainerd::CallOptions options{.timeout = update.terms.timeout};
  Call<void>(update.terms, "update", update.id, "",
             [&](Client& client) { return client.UpdateResources(update.id, resources, options); });
}

void Performer::Visitor::operator()(const action::CreateCheckpoint& create) {
  const libcontainerd::CallOptions options{.timeout = create.terms.timeout};
  Call<void>(create.terms, "create-checkpoint", create.id, "", [&](Client& client) {
    return client.CreateCheckpoint(create.id, create.name, create.checkpoint_dir, create.exit,
                                   options);
  });
}

void Performer::Visitor::operator()(const action::DeleteCheckpoint& remove) {
  const libcontainerd::CallOptions options{.timeout = remove.terms.timeout};
  Call<void>(remove.terms, "delete-checkpoint", remove.id, "", [&](Client& client) {
    return client.DeleteCheckpoint(remove.id, remove.name, remove.checkpoint_dir, options);
  });
}

void Performer::Visitor::operator()(const action::ListCheckpoints& list) {
  using Response = types::ListCheckpointResponse;
  const libcontainerd::CallOptions options{.timeout = list.terms.timeout};
  const auto describe = [names = list.names](const Result<Response>& result) {
    std::string text = DescribeResult<Response>(result);
    if (!result || !names) return text;
    std::vector<std::string> found;
    for (const auto& checkpoint : result->checkpoints()) found.push_back(checkpoint.name());
    std::ranges::sort(found);
    if (found == *names) return text;
    text += ", but it lists:";
    for (const std::string& name : found) text += " " + name;
    return text;
  };
  Call<Response>(
      list.terms, "list-checkpoints", list.id, "",
      [&](Client& client) { return client.ListCheckpoints(list.id, list.checkpoint_dir, options); },
      false, describe);
}

void Performer::Visitor::operator()(const action::Version& version) {
  const libcontainerd::CallOptions options{.timeout = version.terms.timeout};
  Call<types::GetServerVersionResponse>(version.terms, "version", "", "", [&](Client& client) {
    return client.GetServerVersion(options);
  });
}

void Performer::Visitor::operator()(const action::Restore& restore) {
  stage_.Remember(restore.id);
  libcontainerd::RestoreOptions options;
  options.live = restore.live;
  options.timeout = restore.terms.timeout;
  Call<void>(
      restore.terms, "restore", restore.id, "",
      [&](Client& client) { return client.Restore(restore.id, options); }, restore.live);
}

void Performer::Visitor::operator()(const action::Await& await) {
  const auto call = std::ranges::find(performer_.calls_, await.call, &Performer::Call::label);
  if (call == performer_.calls_.end()) {
    return Stop("await: no call \"" + await.call + "\" was begun");
  }
  if (await.returns) call->expected = *await.returns;
  performer_.AwaitCall(*call);
}

}  // namespace scenarios
