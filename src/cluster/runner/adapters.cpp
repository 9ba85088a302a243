#include "cluster/runner/adapters.hpp"

#include "cluster/resource/floating_ip/floating_ip.hpp"
#include "cluster/resource/partition/partition.hpp"
#include "cluster/resource/script/script.hpp"
#include "cluster/resource/service/service.hpp"
#include "cluster/runner/references.hpp"

namespace tasuki::runner {

std::string default_address(const executor::GroupSpec& spec) {
  for (const executor::Item& item : spec.items)
    if (const auto* ip = std::get_if<core::FloatingIp>(&item.resource.what)) return ip->address;
  return "127.0.0.1";
}

std::unique_ptr<resource::Resource> make_adapter(GroupContext& context,
                                                 const executor::GroupSpec& spec,
                                                 const executor::Item& item,
                                                 resource::FaultHandler on_fault,
                                                 std::function<void(std::string)> warn) {
  struct Maker {
    GroupContext& context;
    const executor::GroupSpec& spec;
    const executor::Item& item;
    resource::FaultHandler on_fault;
    std::function<void(std::string)> warn;

    std::unique_ptr<resource::Resource> operator()(const core::Partition& partition) {
      return resource::make_partition(context.io, context.workers, partition, resource::ReadTimes{},
                                      reserving(partition), std::move(on_fault));
    }
    [[nodiscard]] resource::Reserving reserving(const core::Partition& partition) const {
      return {
          .node = context.self,
          .epoch = context.epoch,
          .stays = [&context = context,
                    device = partition.device] { return core::reserves(context.config(), device); },
          .preempted = [&context = context, group = spec.name](
                           const auto& owners) { context.preempted(group, owners); },
          .open = guard::open_scsi_paths};
    }
    std::unique_ptr<resource::Resource> operator()(const core::FloatingIp& ip) {
      return resource::make_floating_ip(context.io, ip, std::move(on_fault));
    }
    std::unique_ptr<resource::Resource> operator()(const core::ServiceUse&) {
      resource::ServiceSettings settings{context.keeper, spec.name, *item.service,
                                         default_address(spec)};
      settings.resolve = [&context = context, group = spec.name](const core::Service& service) {
        return resolve_service(service, context.references(group));
      };
      return resource::make_service(std::move(settings), std::move(on_fault));
    }
    std::unique_ptr<resource::Resource> operator()(const core::Scripts& scripts) {
      return resource::make_script({context.keeper, spec.name, item.resource.name, scripts,
                                    std::move(warn), context.tasuki});
    }
  };
  return std::visit(Maker{context, spec, item, std::move(on_fault), std::move(warn)},
                    item.resource.what);
}

}  // namespace tasuki::runner
