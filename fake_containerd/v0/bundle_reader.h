// BundleReader: the port through which the fake reads a bundle's config.json, and what it takes from that file.
//
// Two implementations: real files, and a map in memory for worlds without a disk.
// Threads: the executor's; files are read off it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "fake_containerd/world/model.h"
#include "libcontainerd/async.h"
#include "libcontainerd/error.h"

namespace fake_containerd::v0 {

class BundleReader {
 public:
  virtual ~BundleReader() = default;
  // The text of `<bundle>/config.json`. NOT_FOUND "open …/config.json: no such file or directory" without one.
  virtual libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadConfig(
      std::string bundle) = 0;
};

class FileBundleReader final : public BundleReader {
 public:
  explicit FileBundleReader(libcontainerd::Runtime& runtime) : runtime_(runtime) {}
  libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadConfig(
      std::string bundle) override;

 private:
  libcontainerd::Runtime& runtime_;
};

// Reads from `lookup`, which gives the text of a bundle's config.json if it has one. The default looks into configs().
class MemoryBundleReader final : public BundleReader {
 public:
  using Lookup = std::function<std::optional<std::string>(const std::string& bundle)>;

  MemoryBundleReader() = default;
  explicit MemoryBundleReader(Lookup lookup) : lookup_(std::move(lookup)) {}

  std::map<std::string, std::string>& configs() { return configs_; }  // by bundle path
  libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadConfig(
      std::string bundle) override;

 private:
  Lookup lookup_;
  std::map<std::string, std::string> configs_;
};

// What the world needs of a config.json. Empty text is OUT_OF_RANGE "EOF", text that ends too early
// FAILED_PRECONDITION "unexpected EOF", other bad text UNKNOWN. Without a `linux` section, where the real daemon
// crashes, INVALID_ARGUMENT.
libcontainerd::Result<BundleSpec> ParseConfig(const std::string& text);

}  // namespace fake_containerd::v0
