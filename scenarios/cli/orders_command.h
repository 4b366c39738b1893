// drydock orders SCENARIO
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "scenarios/cli/scenario_options.h"

namespace scenarios {

struct OrdersCommand {
  std::string word{};
  std::uint64_t bound = 40320;  // so many orders at most; beyond that they are drawn
  bool all = false;             // those, too, that only swap what may change places
  ScenarioOptions options{};
};
int RunOrdersCommand(const OrdersCommand& command, const Environment& environment,
                     std::ostream& out, std::ostream& err);
void AddOrdersCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
