#include "cluster/runner/control_settings.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cluster/runner/control_answers.hpp"
#include "cluster/runner/event_queue.hpp"
#include "cluster/settings/registry_view.hpp"

namespace tasuki::runner {

using api::Access;
using api::Method;
using api::Request;
using api::Response;
using core::milliseconds;
using registry::KeyPath;
using registry::ValuePath;
using settings::RegistryView;

namespace {

constexpr milliseconds kChangeLimit{30'000};
// As much as one message of the cluster takes, so that a request is made wholly or not at all.
constexpr size_t kRequestBytesMax = size_t{512} * 1024;

Json value_json(const registry::NamedValue& value) {
  return {{"name", value.name},
          {"type", registry::type_name(value.value)},
          {"data", registry::to_arguments(value.value)},
          {"text", registry::to_text(value.value)}};
}

// Which group a key follows, where it is active and who has all of its settings; null for a key
// that follows none.
Json follows_json(const Node& node, const core::GroupName& name) {
  const core::Group* group = node.config().find_group(name);
  if (group == nullptr) return nullptr;
  const auto state = node.replica().state().groups.find(name);
  const bool held = state != node.replica().state().groups.end() && state->second.holder;
  Json nodes = Json::array();
  for (const core::NodeId id : group->policy)
    nodes.push_back({{"name", node.config().node_name(id)},
                     {"here", node.replica().view().members.contains(id)},
                     {"has_all", node.replica().state().has_settings(name, id)}});
  return {{"group", name.value},
          {"active", held ? Json(node.config().node_name(*state->second.holder)) : Json(nullptr)},
          {"nodes", nodes}};
}

Result<KeyPath> key_in(const Json& json) {
  auto key = KeyPath::parse(json.at("key").get<std::string>());
  if (!key) return failure(key.error().what, EINVAL);
  return std::move(*key);
}

Result<ValuePath> value_path_in(const Json& json) {
  auto key = key_in(json);
  if (!key) return failure(key.error());
  const std::string name = json.value("name", "");
  if (auto good = registry::check_value_name(name); !good)
    return failure(good.error().what, EINVAL);
  return ValuePath{std::move(*key), name};
}

Result<registry::Change> change_in(const Json& json) {
  if (json.contains("set")) {
    const Json& set = json.at("set");
    auto path = value_path_in(set);
    if (!path) return failure(path.error());
    const auto data = set.at("data").get<std::vector<std::string>>();
    auto value = registry::parse_value(set.value("type", "string"), data);
    if (!value) return failure(value.error().what, EINVAL);
    return registry::SetValue{std::move(*path), std::move(*value)};
  }
  if (json.contains("delete_value")) {
    auto path = value_path_in(json.at("delete_value"));
    if (!path) return failure(path.error());
    return registry::DeleteValue{std::move(*path)};
  }
  const bool deletes = json.contains("delete_key");
  auto key = key_in(json.at(deletes ? "delete_key" : "create_key"));
  if (!key) return failure(key.error());
  if (key->is_root())
    return failure(fmt::format("{} is a root; name a key below it", key->text()), EINVAL);
  return deletes ? registry::Change(registry::DeleteKey{std::move(*key)})
                 : registry::Change(registry::CreateKey{std::move(*key)});
}

// What is here of the key's group may be shown.
Result<void> check_shown(const Node& node, const KeyPath& key) {
  const core::GroupName owner = node.settings().owner_of(settings::place_of(key));
  const settings::Follower* follower = node.settings().find(owner);
  if (follower == nullptr || follower->has_all()) return {};
  std::string where;
  if (const auto having = node.replica().state().durable.has_settings.find(owner);
      having != node.replica().state().durable.has_settings.end())
    for (const core::NodeId id : having->second)
      where += (where.empty() ? "" : " or ") + node.config().node_name(id);
  return failure(fmt::format("{} follows group {}, and {} has not got all of its settings; ask {}",
                             key.text(), owner, node.name(), where),
                 EBUSY);
}

// The edits of a request, by the group that they belong to.
using Edits = std::map<core::GroupName, std::vector<settings::Edit>>;

Result<Edits> edits_in(const Node& node, const Json& changes) {
  const settings::Settings& settings = node.settings();
  const RegistryView view(settings);
  Edits edits;
  std::set<std::string> made;  // by this request
  for (const Json& json : changes) {
    const auto change = change_in(json);
    if (!change) return failure(change.error());
    const std::string place = settings::place_of(registry::key_of(*change));
    const core::GroupName owner = settings.owner_of(place);
    if (std::holds_alternative<registry::DeleteKey>(*change))
      if (const auto other = settings.find_place_below(place); other && other->second != owner)
        return failure(fmt::format("below {} there are keys that follow group {}; delete those by "
                                   "their own name, on the server where the group is active",
                                   registry::key_of(*change).text(), other->second),
                       EBUSY);
    const settings::Follower* follower = settings.find(owner);
    const settings::Content& content =
        follower == nullptr ? settings.of_node() : follower->content();
    auto some = settings::edits_of(
        *change,
        [&](const std::string& id) { return made.contains(id) || content.find(id) != nullptr; },
        [&](const KeyPath& key) {
          return !key.is_root() && settings.owner_of(settings::place_of(key)) == owner;
        });
    for (settings::Edit& edit : some) {
      if (edit.what == settings::Edit::What::put)
        made.insert(edit.id);
      else
        std::erase_if(made,
                      [&](const std::string& id) { return settings::is_at_or_below(id, edit.id); });
      edits[owner].push_back(std::move(edit));
    }
  }
  return edits;
}

Task<Response> change(Node& node, Request request) {
  auto edits = edits_in(node, request.body.at("changes"));
  if (!edits) co_return error_of(edits.error());
  size_t count = 0;
  for (auto& [group, some] : *edits) {
    size_t bytes = 0;
    for (const settings::Edit& edit : some) bytes += edit.id.size() + edit.data.size();
    if (bytes > kRequestBytesMax)
      co_return api::error_response(
          413, fmt::format("the request has {} KiB of settings; at most {} KiB go at once",
                           bytes / 1024, kRequestBytesMax / 1024));
  }
  for (const auto& [group, some] : *edits)
    if (auto possible = node.check_settings_here(group); !possible)
      co_return error_of(possible.error());
  for (auto& [group, some] : *edits) {
    count += some.size();
    if (request.body.value("dry_run", false)) continue;
    if (auto done = co_await node.change_settings(group, std::move(some), kChangeLimit); !done)
      co_return error_of(done.error());
  }
  co_return Response{200, {{"changed", count}}};
}

Json key_json(const Node& node, const RegistryView& view, const KeyPath& key) {
  Json values = Json::array();
  for (const auto& value : view.values(key)) values.push_back(value_json(value));
  return {{"key", key.text()},
          {"values", values},
          {"keys", view.children(key)},
          {"follows", follows_json(node, node.settings().owner_of(settings::place_of(key)))}};
}

// The keys that follow groups.
Json followed_json(const Node& node) {
  Json followed = Json::array();
  for (const core::Group& group : node.config().groups)
    for (const std::string& key : group.registry)
      followed.push_back({{"key", key}, {"follows", follows_json(node, group.name)}});
  return {{"followed", followed}};
}

Task<Response> show(Node& node, Request request) {
  const auto asked = request.query.find("key");
  if (asked == request.query.end()) co_return Response{200, followed_json(node)};
  const auto key = KeyPath::parse(asked->second);
  if (!key) co_return api::error_response(422, key.error().what);
  if (auto shown = check_shown(node, *key); !shown) co_return error_of(shown.error());
  // What is not acknowledged yet nobody has seen.
  const core::GroupName owner = node.settings().owner_of(settings::place_of(*key));
  if (auto settled = co_await node.settle_settings(owner, kChangeLimit); !settled)
    co_return error_of(settled.error());
  const RegistryView view(node.settings());
  if (const auto name = request.query.find("value"); name != request.query.end()) {
    const auto value = view.find({*key, name->second});
    if (!value)
      co_return api::error_response(
          404, fmt::format("{} has no value {}", key->text(),
                           name->second.empty() ? "without a name" : '"' + name->second + '"'));
    Json json = value_json(*value);
    json["key"] = key->text();
    json["follows"] = follows_json(node, owner);
    co_return Response{200, json};
  }
  if (!key->is_root() && !view.exists(*key))
    co_return api::error_response(404, fmt::format("there is no key {}", key->text()));
  if (request.query.contains("below")) {
    Json items = Json::array();
    view.walk(*key, [&](const settings::RegistryItem& item) {
      Json json{{"key", item.key.text()}};
      if (item.value) json["value"] = value_json(*item.value);
      items.push_back(std::move(json));
    });
    co_return Response{200, {{"key", key->text()}, {"items", std::move(items)}}};
  }
  co_return Response{200, key_json(node, view, *key)};
}

Json edit_json(const core::GroupName& group, const settings::Edit& edit) {
  const auto item = settings::registry_item_of(edit.data);
  if (!item) return nullptr;
  const bool put = edit.what == settings::Edit::What::put;
  Json json{{"group", group.value}, {"key", item->key.text()}};
  json["what"] =
      put ? (item->value ? "set" : "create_key") : (item->value ? "delete_value" : "delete_key");
  if (item->value && put) json["value"] = value_json(*item->value);
  if (item->value) json["name"] = item->value->name;
  return json;
}

// Hands every change at or below the key to one reader.
Task<void> follow(Node& node, Request request, api::EventWriter& writer) {
  std::string place;
  if (const auto asked = request.query.find("key"); asked != request.query.end())
    if (const auto key = KeyPath::parse(asked->second)) place = settings::place_of(*key);
  auto queue = std::make_shared<EventQueue>(co_await asio::this_coro::executor);
  const auto watch =
      node.watch_settings([queue, place](const core::GroupName& group, const settings::Edit& edit) {
        if (!settings::is_at_or_below(edit.id, place)) return;
        if (Json event = edit_json(group, edit); !event.is_null()) queue->push(std::move(event));
      });
  co_await queue->write_to(writer);
}

// The files that follow groups, as this node has them.
Task<Response> list_files(Node& node, Request request) {
  std::optional<core::GroupName> name;
  if (const auto asked = request.query.find("group"); asked != request.query.end()) {
    const auto group = find_group(node, asked->second);
    if (!group) co_return error_of(group.error());
    name = (*group)->name;
  }
  Json files = node.files().list(name);
  for (Json& file : files)
    file["follows"] = follows_json(node, core::GroupName{file.at("group").get<std::string>()});
  co_return Response{200, {{"node", node.name()}, {"files", std::move(files)}}};
}

Task<Response> accept_settings(Node& node, Request request) {
  const auto group = find_group(node, request.parameters.at("name"));
  if (!group) co_return error_of(group.error());
  const auto from = find_node(node, request.body.at("from").get<std::string>());
  if (!from) co_return error_of(from.error());
  const auto version =
      co_await node.change(core::AcceptSettings{(*group)->name, (*from)->id}, kChangeLimit);
  if (!version) co_return error_of(version.error());
  co_return Response{200,
                     {{"version", *version},
                      {"outcome", fmt::format("the settings of group {} are what {} has",
                                              (*group)->name, (*from)->name)}}};
}

}  // namespace

void add_settings_routes(api::Server& server, Node& node) {
  server.add(Method::post, "/v1/groups/{name}/accept-settings", Access::act,
             [&node](Request request) { return accept_settings(node, std::move(request)); });
  server.add(Method::get, "/v1/registry", Access::read,
             [&node](Request request) { return show(node, std::move(request)); });
  server.add(Method::post, "/v1/registry", Access::act,
             [&node](Request request) { return change(node, std::move(request)); });
  server.add(Method::get, "/v1/files", Access::read,
             [&node](Request request) { return list_files(node, std::move(request)); });
  server.add_stream("/v1/registry/follow", [&node](Request request, api::EventWriter& writer) {
    return follow(node, std::move(request), writer);
  });
}

}  // namespace tasuki::runner
