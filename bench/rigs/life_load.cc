#include "bench/rigs/life_load.h"

#include <map>
#include <utility>

#include "bench/frame/stopwatch.h"
#include "bench/rigs/loads.h"

namespace bench {

using libcontainerd::ContainerState;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

namespace {

constexpr std::size_t kReadAtMost = 4096;

}  // namespace

class LifeLoad::Engine final : public libcontainerd::Backend {
 public:
  ~Engine() override { world.reset(); }

  Status Drive(std::size_t lives, std::size_t at_once, const std::string& spec) {
    return world->Until([&](const BenchWorld::Done& done) {
      done_ = done;
      spec_ = &spec;
      left_ = lives;
      running_ = 0;
      for (std::size_t i = 0; i < at_once && left_ > 0; ++i) Begin();
    });
  }

  void StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                    libcontainerd::Done done) override {
    done(Status());
    if (info.state == ContainerState::kExit) {
      lives_[id].exited = true;
      EndIfOver(id);
    }
  }

  void AttachStreams(const std::string& id, const std::string&, libcontainerd::IoPipe pipe,
                     libcontainerd::Done done) override {
    libcontainerd::Spawn(world->runtime(), ReadToEnd(this, id, std::move(pipe.out)));
    libcontainerd::Spawn(world->runtime(), ReadToEnd(this, id, std::move(pipe.err)));
    done(Status());
  }

  const Status& failure() const { return failure_; }
  std::unique_ptr<BenchWorld> world;

 private:
  struct Life {
    int outputs_ended = 0;
    std::size_t bytes = 0;
    bool created = false;
    bool exited = false;
  };

  void Begin() {
    --left_;
    ++running_;
    const std::string id = BenchWorld::IdOf(next_++);
    lives_[id] = Life();
    libcontainerd::Spawn(world->runtime(), Create(this, id));
  }

  static Awaitable<void> Create(Engine* self, std::string id) {
    Awaitable<Status> creating = self->world->Create(id, *self->spec_);
    Status created = co_await std::move(creating);
    if (!created && self->failure_) self->failure_ = std::move(created);
    Life& life = self->lives_[id];
    life.created = true;
    // Nothing else would come of it.
    if (!self->failure_) life = {.outputs_ended = 2, .created = true, .exited = true};
    self->EndIfOver(id);
  }

  static Awaitable<void> ReadToEnd(Engine* self, std::string id,
                                   std::unique_ptr<libcontainerd::OutputReader> output) {
    while (true) {
      const Result<std::string> data = co_await output->Read(kReadAtMost);
      if (!data || data->empty()) break;
      self->lives_[id].bytes += data->size();
    }
    output.reset();
    ++self->lives_[id].outputs_ended;
    self->EndIfOver(id);
  }

  void EndIfOver(const std::string& id) {
    const auto found = lives_.find(id);
    if (found == lives_.end()) return;
    const Life& life = found->second;
    if (!life.created || !life.exited || life.outputs_ended < 2) return;
    if (failure_ && life.bytes != OneLife().output.size()) {
      failure_ =
          Fail(ErrorCode::kDataLoss, "container " + id + " wrote " + std::to_string(life.bytes) +
                                         " bytes, not " + std::to_string(OneLife().output.size()));
    }
    lives_.erase(found);
    --running_;
    if (left_ > 0 && failure_) {
      Begin();
    } else if (running_ == 0) {
      std::exchange(done_, {})();
    }
  }

  BenchWorld::Done done_;
  const std::string* spec_ = nullptr;
  std::map<std::string, Life> lives_;
  std::size_t next_ = 0;
  std::size_t left_ = 0;
  std::size_t running_ = 0;
  Status failure_;
};

LifeLoad::LifeLoad(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
LifeLoad::~LifeLoad() = default;

BenchWorld& LifeLoad::world() {
  return *engine_->world;
}

Result<std::unique_ptr<LifeLoad>> LifeLoad::Make(BenchWorldOptions options) {
  options.behaviour = [](const fake_containerd::ProcessRequest&) { return OneLife().behaviour; };
  auto engine = std::make_unique<Engine>();
  auto world = BenchWorld::Make(std::move(options), *engine);
  if (!world) return Fail(std::move(world).error());
  engine->world = std::move(*world);
  return std::unique_ptr<LifeLoad>(new LifeLoad(std::move(engine)));
}

Result<double> LifeLoad::Run(std::size_t lives, std::size_t at_once, const std::string& spec) {
  const Stopwatch watch(engine_->world->simulated() ? Stopwatch::Of::kThread
                                                    : Stopwatch::Of::kWall);
  Status driven = engine_->Drive(lives, at_once, spec);
  if (driven) driven = engine_->failure();
  if (!driven) return Fail(std::move(driven).error());
  return static_cast<double>(lives) / watch.seconds();
}

}  // namespace bench
