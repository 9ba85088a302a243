// The checks of a configuration file, each of which reports every mistake of its subject. All of
// them run whatever the others found, so each skips what is missing or has the wrong type:
// check_keys() reports that.
#pragma once

#include "cluster/config/document.hpp"
#include "cluster/config/keys.hpp"

namespace tasuki::config {

// Unknown and missing keys and tables, and each value by itself.
void check_keys(const Table& root, Report& report);
void check_value(const Field& field, const Key& key, Report& report);

// What values must be to each other.
void check_nodes(const Table& root, Report& report);
void check_timing(const Table& root, Report& report);
void check_services(const Table& root, Report& report);
void check_programs(const Table& root, Report& report);
void check_groups(const Table& root, Report& report);
void check_references(const Table& root, Report& report);
void check_partitions(const Table& root, Report& report);
void check_reserved_disks(const Table& root, Report& report);
// Whether the partition's guard is a reservation of its disk.
bool is_reserved(const Table& partition);
void check_drives(const Table& root, Report& report);
void check_floating_ips(const Table& root, Report& report);

}  // namespace tasuki::config
