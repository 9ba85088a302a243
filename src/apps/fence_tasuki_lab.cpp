// Fence agent of the lab, for [[node.fence]] agent = "fence_tasuki_lab".
#include <iostream>

#include "cluster/lab/fence_agent.hpp"

int main() {
  return tasuki::lab::run_fence_agent(std::cin, std::cout, std::cerr);
}
