// Fuzz targets without libFuzzer: runs the corpus, and a short search of random changes of it. The
// options are those of libFuzzer that the tests use, so a test is the same command with both:
//
//   TARGET [-runs=N] [-seed=S] [-max_len=N] [-dict=FILE] [-artifact_prefix=PATH] FILE_OR_FOLDER…
//
// Each given file, and each file of a given folder, runs once, in the order of their names; then so
// many changes of them run that it is N runs in all. The same options and files give the same runs
// with every compiler. Without -runs only the files run.
//
// An input that ends the program is left in PATHcrash-HASH, and its name is printed before.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "fuzz/byte_mutator.h"
#include "libcontainerd/random.h"

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of targets with a mutator of their own.
[[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                  std::size_t most, unsigned int seed);
[[gnu::weak]] std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                    const std::uint8_t* data2, std::size_t size2,
                                                    std::uint8_t* out, std::size_t most,
                                                    unsigned int seed);
}

namespace {

using libcontainerd::Random;

struct Options {
  std::uint64_t runs = 0;
  std::uint64_t seed = 1;
  std::size_t max_len = 32'768;
  std::string dictionary{};
  std::string artifact_prefix{};
  std::vector<std::filesystem::path> inputs{};
};

// What runs now, for the handler of the signal that ends it.
struct {
  const char* data = nullptr;
  std::size_t size = 0;
  char path[4096] = {};
} g_running;

// Only what may be called in a handler.
void KeepInput(int signal) {
  const int file = ::open(g_running.path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0) {
    for (std::size_t done = 0; done < g_running.size;) {
      const auto written = ::write(file, g_running.data + done, g_running.size - done);
      if (written <= 0) break;
      done += static_cast<std::size_t>(written);
    }
    ::close(file);
    constexpr std::string_view kBefore = "the input is kept in ";
    static_cast<void>(
        ::write(STDERR_FILENO, kBefore.data(), kBefore.size()) +
        ::write(STDERR_FILENO, g_running.path, std::char_traits<char>::length(g_running.path)) +
        ::write(STDERR_FILENO, "\n", 1));
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// FNV-1a: names are the same everywhere.
std::uint64_t Hash(std::string_view input) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : input) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

void RunOne(const std::string& input, const Options& options) {
  g_running.data = input.data();
  g_running.size = input.size();
  std::snprintf(g_running.path, sizeof g_running.path, "%scrash-%016llx",
                options.artifact_prefix.c_str(), static_cast<unsigned long long>(Hash(input)));
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> FilesOf(const std::vector<std::filesystem::path>& inputs) {
  std::vector<std::filesystem::path> files;
  for (const auto& input : inputs) {
    if (!std::filesystem::is_directory(input)) {
      files.push_back(input);
      continue;
    }
    std::vector<std::filesystem::path> in_folder;
    for (const auto& entry : std::filesystem::directory_iterator(input)) {
      if (entry.is_regular_file()) in_folder.push_back(entry.path());
    }
    std::sort(in_folder.begin(), in_folder.end());
    files.insert(files.end(), in_folder.begin(), in_folder.end());
  }
  return files;
}

std::string OwnMutation(const std::string& input, const std::string& other, std::size_t most,
                        Random& random) {
  std::vector<std::uint8_t> buffer(most);
  const auto seed = static_cast<unsigned int>(random.Below(1U << 31U));
  const auto* data = reinterpret_cast<const std::uint8_t*>(input.data());
  std::size_t size = std::min(input.size(), most);
  if (LLVMFuzzerCustomCrossOver != nullptr && random.Chance(1, 4)) {
    size =
        LLVMFuzzerCustomCrossOver(data, size, reinterpret_cast<const std::uint8_t*>(other.data()),
                                  other.size(), buffer.data(), most, seed);
  } else {
    std::copy(data, data + size, buffer.begin());
    size = LLVMFuzzerCustomMutator(buffer.data(), size, most, seed);
  }
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
}

// Nothing tells which inputs are worth keeping, so now and then a changed one takes a place.
void Search(std::vector<std::string> pool, std::uint64_t runs, const Options& options) {
  Random random(options.seed);
  fuzz::ByteMutator mutator(random, fuzz::ReadDictionary(ReadFile(options.dictionary)));
  if (pool.empty()) pool.emplace_back();
  const std::size_t most_pool = pool.size() + 100;
  for (std::uint64_t run = 0; run < runs; ++run) {
    const std::string& input = pool[random.Below(pool.size())];
    const std::string& other = pool[random.Below(pool.size())];
    std::string changed = LLVMFuzzerCustomMutator != nullptr
                              ? OwnMutation(input, other, options.max_len, random)
                              : mutator.Mutate(input, other, options.max_len);
    RunOne(changed, options);
    if (!random.Chance(1, 4)) continue;
    if (pool.size() < most_pool) {
      pool.push_back(std::move(changed));
    } else {
      pool[pool.size() - 1 - random.Below(100)] = std::move(changed);
    }
  }
}

std::optional<std::string> ValueOf(std::string_view argument, std::string_view option) {
  if (!argument.starts_with(option)) return std::nullopt;
  return std::string(argument.substr(option.size()));
}

// Nothing for an option that there is not.
std::optional<Options> ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (const auto runs = ValueOf(argument, "-runs=")) {
      options.runs = std::strtoull(runs->c_str(), nullptr, 10);
    } else if (const auto seed = ValueOf(argument, "-seed=")) {
      options.seed = std::strtoull(seed->c_str(), nullptr, 10);
    } else if (const auto max_len = ValueOf(argument, "-max_len=")) {
      options.max_len = std::strtoull(max_len->c_str(), nullptr, 10);
    } else if (const auto dictionary = ValueOf(argument, "-dict=")) {
      options.dictionary = *dictionary;
    } else if (const auto prefix = ValueOf(argument, "-artifact_prefix=")) {
      options.artifact_prefix = *prefix;
    } else if (argument.starts_with("-")) {
      std::cerr << argument << ": no such option, expected -runs=, -seed=, -max_len=, -dict= or "
                << "-artifact_prefix=\n";
      return std::nullopt;
    } else {
      options.inputs.emplace_back(argument);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = ParseOptions(argc, argv);
  if (!options) return 2;
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    std::signal(signal, KeepInput);
  }
  std::vector<std::string> pool;
  for (const auto& file : FilesOf(options->inputs)) {
    std::cout << file.filename().string() << '\n' << std::flush;  // known even when it crashes
    pool.push_back(ReadFile(file));
    RunOne(pool.back(), *options);
  }
  const std::size_t inputs = pool.size();
  if (inputs == 0 && options->runs == 0) {
    std::cerr << "no inputs and no -runs\n";
    return 2;
  }
  const std::uint64_t changed = options->runs > inputs ? options->runs - inputs : 0;
  if (changed > 0) std::cout << "seed " << options->seed << '\n' << std::flush;
  Search(std::move(pool), changed, *options);
  std::cout << inputs << " inputs, " << changed << " changed ones\n";
  return 0;
}
