// What the members of a new membership conclude from each other's hellos: whose state they go on
// with, whether it is the newest there is, and what has to be corrected in it. Pure, so that all of
// them conclude the same.
//
// The rule it protects: a doubt about who owns a group is written into the state and stays there
// until it is resolved.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/core/message.hpp"
#include "cluster/core/note.hpp"
#include "cluster/core/state.hpp"

namespace tasuki::core {

// The newest word of every member of a membership.
using Hellos = std::map<NodeId, Hello>;

// The member whose state all go on with.
NodeId most_knowing(const Hellos& hellos);

// Why the members cannot tell which configuration counts; empty when they can. Only a cluster that
// never decided anything can be in that doubt.
std::string find_disagreement(const State& state, const Hellos& hellos);

// Whether somebody's word that a node is down stands for what that node may know.
enum class Vouches { count, do_not_count };

// Whether no acknowledged change can be missing in the state, which is that of the most knowing.
bool knows_newest(const State& state, const Hellos& hellos, Vouches vouches = Vouches::count);

// Corrects the state of the most knowing member by what every member says of itself, and by who is
// there and who is not.
std::vector<Note> go_on_from(State& state, const View& view, const Hellos& hellos);

// Who of the members has every acknowledged setting of each group, by what they say they have. One
// that is away, or has other ones than those that count, lacks some until it has caught up.
void agree_on_settings(State& state, const View& view, const Hellos& hellos);

// The right to decide was lost for a while, in which other nodes may have had it: whoever is absent
// and gave no proof may own anything.
void distrust_absent(State& state, const View& view);

}  // namespace tasuki::core
