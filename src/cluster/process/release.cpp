#include "cluster/process/release.hpp"

namespace tasuki::process {
namespace {

Json json_of(const ReleaseMount& mount) {
  return {{"kind", "unmount"}, {"device", mount.device}, {"mount_point", mount.mount_point}};
}
Json json_of(const ReleaseAddress& address) {
  return {{"kind", "address"},
          {"interface", address.interface},
          {"address", address.address},
          {"prefix", address.prefix}};
}

}  // namespace

Json to_json(const Release& release) {
  return std::visit([](const auto& what) { return json_of(what); }, release);
}

Result<Release> release_from_json(const Json& json) {
  try {
    const auto kind = json.at("kind").get<std::string>();
    if (kind == "unmount") return Release(ReleaseMount{json.at("device"), json.at("mount_point")});
    if (kind == "address")
      return Release(ReleaseAddress{json.at("interface"), json.at("address"), json.at("prefix")});
    return failure("a release of the kind \"" + kind + "\" is not known");
  } catch (const Json::exception& problem) {
    return failure(std::string("not a release: ") + problem.what());
  }
}

}  // namespace tasuki::process
