// What this program is, and what it was built with: for reports and `drydock version`.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace scenarios {

std::string_view DrydockVersion();
std::string_view ReleaseDate();  // "2026-11-24": of this version
// "drydock", "compiler", "grpc", "protobuf", …: what is not part of this build is left out.
std::map<std::string, std::string> Versions();

}  // namespace scenarios
