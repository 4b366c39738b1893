#include "scenarios/reports/output_directory.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace scenarios {

namespace fs = std::filesystem;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

namespace {

tl::unexpected<libcontainerd::Error> DiskFailure(const std::string& what, const std::string& path,
                                                 const std::error_code& error) {
  return Fail(ErrorCode::kUnavailable, what + " " + path + ": " + error.message());
}

}  // namespace

OutputDirectory::OutputDirectory(std::string path, std::string partial)
    : path_(std::move(path)), partial_(std::move(partial)) {}

libcontainerd::Result<std::unique_ptr<OutputDirectory>> OutputDirectory::Begin(
    const std::string& path) {
  std::error_code error;
  const fs::path target = fs::absolute(path, error).lexically_normal();
  const std::string name = (target.has_filename() ? target : target.parent_path()).string();
  const bool taken = fs::exists(name, error);
  const bool ours =
      taken && (fs::exists(name + "/report.json", error) || fs::is_empty(name, error));
  if (taken && !ours) {
    return Fail(ErrorCode::kAlreadyExists,
                "output directory " + name +
                    " exists and has no report.json: expected an earlier result, or nothing");
  }
  const std::string parent = fs::path(name).parent_path().string();
  fs::create_directories(parent, error);
  if (error) return DiskFailure("cannot make directory", parent, error);
  std::string partial = name + ".partial-XXXXXX";
  if (::mkdtemp(partial.data()) == nullptr) {
    return DiskFailure("cannot make directory", partial,
                       std::error_code(errno, std::generic_category()));
  }
  fs::permissions(partial, fs::perms(0755), error);
  return std::unique_ptr<OutputDirectory>(new OutputDirectory(name, std::move(partial)));
}

OutputDirectory::~OutputDirectory() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(partial_, ignored);
}

libcontainerd::Status OutputDirectory::Write(const std::string& file_name,
                                             std::string_view content) {
  const std::string file = partial_ + "/" + file_name;
  std::ofstream out(file, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) return Fail(ErrorCode::kUnavailable, "cannot write " + file);
  return {};
}

libcontainerd::Status OutputDirectory::Commit() {
  std::error_code error;
  const std::string old = partial_ + ".old";
  if (fs::exists(path_, error)) {
    fs::rename(path_, old, error);
    if (error) return DiskFailure("cannot replace", path_, error);
  }
  fs::rename(partial_, path_, error);
  if (error) {
    std::error_code ignored;
    fs::rename(old, path_, ignored);
    return DiskFailure("cannot replace", path_, error);
  }
  committed_ = true;
  fs::remove_all(old, error);
  return {};
}

}  // namespace scenarios
