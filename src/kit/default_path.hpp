// Where programs are looked for when nobody says otherwise.
#pragma once

namespace tasuki {

inline constexpr const char* kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace tasuki
