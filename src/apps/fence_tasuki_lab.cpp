// Fence agent of the lab, for [[node.fence]] agent = "fence_tasuki_lab"; in a lab it also stands in
// for every other agent of the configuration.
#include <iostream>

#include "cluster/lab/fence_agent.hpp"

int main(int, char** argv) {
  return tasuki::lab::run_fence_agent(argv[0], std::cin, std::cout, std::cerr);
}
