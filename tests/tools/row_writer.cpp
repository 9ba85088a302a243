// A client that writes rows all the time and remembers what was acknowledged.
//
// When the answer to an INSERT is lost, the client cannot know whether the row was written; it does
// what a careful client does: it asks for the row, and writes it again only when it is not there.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <libpq-fe.h>
#include <map>
#include <memory>
#include <optional>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace {

volatile std::sig_atomic_t ended = 0;

// A query that takes longer counts as lost: the server behind the address has changed.
constexpr int kAnswerLimitMs = 400;
constexpr int kPauseMs = 5;

double monotonic_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

bool wait_on(PGconn* connection, short events, double deadline) {
  pollfd waited{PQsocket(connection), events, 0};
  const int left = static_cast<int>(deadline - monotonic_ms());
  return left > 0 && ::poll(&waited, 1, left) == 1;
}

// A connection within the limit, or nothing.
Connection connect(const std::string& address) {
  Connection connection(PQconnectStart(address.c_str()), PQfinish);
  const double deadline = monotonic_ms() + kAnswerLimitMs;
  for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
       state = PQconnectPoll(connection.get())) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (state == PGRES_POLLING_FAILED || !wait_on(connection.get(), events, deadline))
      return {nullptr, PQfinish};
  }
  return connection;
}

// The answer within the limit, or nothing.
Answer query(PGconn* connection, const std::string& sql, double limit_ms = kAnswerLimitMs) {
  if (PQsendQuery(connection, sql.c_str()) == 0) return {nullptr, PQclear};
  const double deadline = monotonic_ms() + limit_ms;
  while (PQisBusy(connection) != 0)
    if (!wait_on(connection, POLLIN, deadline) || PQconsumeInput(connection) == 0)
      return {nullptr, PQclear};
  Answer first(PQgetResult(connection), PQclear);
  while (PGresult* rest = PQgetResult(connection)) PQclear(rest);
  const auto status = PQresultStatus(first.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return {nullptr, PQclear};
  return first;
}

struct Writer {
  std::string address;
  Connection connection{nullptr, PQfinish};
  bool outcome_unknown = false;

  bool connected() {
    if (!connection) connection = connect(address);
    return connection != nullptr;
  }
  // Whether the row is surely there.
  bool write(long row) {
    if (!connected()) return false;
    if (outcome_unknown) {
      const Answer there =
          query(connection.get(), fmt::format("SELECT 1 FROM rows WHERE id = {}", row));
      if (!there) return drop();
      if (PQntuples(there.get()) > 0) {
        outcome_unknown = false;
        return true;
      }
    }
    outcome_unknown = true;
    if (!query(connection.get(), fmt::format("INSERT INTO rows (id) VALUES ({})", row)))
      return drop();
    outcome_unknown = false;
    return true;
  }
  bool drop() {
    connection.reset();
    return false;
  }
};

int write_rows(const std::string& address, const std::string& journal, long first) {
  Writer writer{address};
  std::ofstream acknowledged(journal, std::ios::app);
  for (long row = first; ended == 0;) {
    if (writer.write(row)) {
      acknowledged << fmt::format("{} {:.2f}\n", row, monotonic_ms()) << std::flush;
      ++row;
    }
    ::usleep(kPauseMs * 1000);
  }
  return 0;
}

struct Journal {
  std::vector<long> rows;
  double longest_gap_ms = 0;
};

Journal read_journal(const std::string& path, double since_ms) {
  Journal journal;
  std::ifstream in(path);
  double last = 0;
  double time = 0;
  for (long row = 0; in >> row >> time; last = time) {
    journal.rows.push_back(row);
    if (last > 0 && time >= since_ms)
      journal.longest_gap_ms = std::max(journal.longest_gap_ms, time - last);
  }
  return journal;
}

// Compares what was acknowledged with what is there.
int verify(const std::string& address, const std::string& path, double since_ms) {
  const Journal journal = read_journal(path, since_ms);
  Connection connection{nullptr, PQfinish};
  for (int tries = 0; tries < 50 && !connection; ++tries) connection = connect(address);
  constexpr double kWholeTableLimitMs = 60'000;
  const Answer there =
      connection
          ? query(connection.get(), "SELECT id, count(*) FROM rows GROUP BY id", kWholeTableLimitMs)
          : Answer{nullptr, PQclear};
  if (!there) {
    fmt::print(stderr, "the rows cannot be read\n");
    return 1;
  }
  std::map<long, long> counts;
  for (int i = 0; i < PQntuples(there.get()); ++i)
    counts[std::stol(PQgetvalue(there.get(), i, 0))] = std::stol(PQgetvalue(there.get(), i, 1));
  const auto lost =
      std::ranges::count_if(journal.rows, [&](long row) { return !counts.contains(row); });
  const auto doubled = std::ranges::count_if(counts, [](auto entry) { return entry.second > 1; });
  fmt::print("{{\"acknowledged\":{},\"lost\":{},\"duplicated\":{},\"longest_gap_ms\":{:.0f}}}\n",
             journal.rows.size(), lost, doubled, journal.longest_gap_ms);
  return lost == 0 && doubled == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  std::string journal;
  bool only_verify = false;
  bool create = false;
  long first = 1;
  double since_ms = 0;
  CLI::App app("Writes rows until it is ended, and keeps a journal of those acknowledged");
  app.add_option("address", address, "Where the database is, as libpq wants it")->required();
  app.add_option("journal", journal, "File of acknowledged rows: number and time")->required();
  app.add_flag("--create", create, "Make the table, and end");
  app.add_flag("--verify", only_verify, "Compare the journal with the table, and end");
  app.add_option("--first", first, "Number of the first row")->capture_default_str();
  app.add_option("--since", since_ms, "Look for the longest gap only from this moment on");
  CLI11_PARSE(app, argc, argv);

  if (create) {
    const Connection connection = connect(address);
    const bool made =
        connection && query(connection.get(), "CREATE TABLE rows (id bigint NOT NULL)");
    return made && query(connection.get(), "CREATE INDEX ON rows (id)") ? 0 : 1;
  }
  if (only_verify) return verify(address, journal, since_ms);
  std::signal(SIGTERM, [](int) { ended = 1; });
  std::signal(SIGINT, [](int) { ended = 1; });
  return write_rows(address, journal, first);
}
