// A service that does not want to stop: ignores SIGTERM and leaves a child that does too.
#include <csignal>
#include <unistd.h>

int main() {
  std::signal(SIGTERM, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  if (::fork() == 0) ::setsid();
  for (;;) ::pause();
}
