internal import HubStore

extension AdminCommand {
    /// Commands on the group's servers and hubs. All but the lists are entries of the Raft log and may be said on any
    /// hub; what can be checked here is checked before anything is proposed (issue 3, item 5).
    static let groupCommands: [AdminCommand] = [
        AdminCommand(
            "transfer", .cluster, [.one("server_id"), .one("ip"), .one("port"), .optional("password")],
            "A server has moved: its promoted slave takes its place and goes on at its positions."
        ) { _, context, arguments in
            await proposing(context) { () throws(InvalidArgument) in
                .transfer(
                    server: try serverID(arguments[0], "server_id"), to: try address(arguments[1], arguments[2]),
                    password: try password(arguments.dropFirst(3)))
            }
        },
        AdminCommand(
            "copy", .cluster,
            [.one("existing_id"), .one("new_id"), .one("ip"), .one("port"), .optional("password")],
            "A slave of an existing server joins the sync as a server of its own."
        ) { _, context, arguments in
            await proposing(context) { () throws(InvalidArgument) in
                .copy(
                    existing: try serverID(arguments[0], "src_server_id"),
                    new: try serverID(arguments[1], "new_server_id"), to: try address(arguments[2], arguments[3]),
                    password: try password(arguments.dropFirst(4)), read: nil)
            }
        },
        AdminCommand(
            "addserver", .cluster, [.one("server_id"), .one("ip"), .one("port"), .optional("password")],
            "A server joins with nothing acknowledged: its whole kept binlog goes to the others, and theirs to it."
        ) { _, context, arguments in
            await proposing(context) { () throws(InvalidArgument) in
                .addServer(
                    server: ServerDescription(
                        id: try serverID(arguments[0], "server_id"), address: try address(arguments[1], arguments[2]),
                        password: try password(arguments.dropFirst(3)) ?? ""))
            }
        },
        AdminCommand("drop", .cluster, [.one("server_id")], "A server leaves the sync; its positions are forgotten.") {
            _, context, arguments in
            await proposing(context) { () throws(InvalidArgument) in
                .drop(server: try serverID(arguments[0], "server_id"))
            }
        },
        AdminCommand("pause", .cluster, [.one("server_id")], "Stops a server's part in the sync until RESUME.") {
            _, context, arguments in
            await proposing(context) { () throws(InvalidArgument) in
                .pause(server: try serverID(arguments[0], "server_id"))
            }
        },
        AdminCommand("resume", .cluster, [.one("server_id")], "Ends a PAUSE.") { _, context, arguments in
            await proposing(context) { () throws(InvalidArgument) in
                .resume(server: try serverID(arguments[0], "server_id"))
            }
        },
        AdminCommand(
            "repair", .cluster, [.one("key"), .optional("server_id")],
            "Copies a key to the servers where it differs: from server_id, or from who wrote it last."
        ) { _, context, arguments in
            do throws(InvalidArgument) {
                let winner = try arguments.count == 2 ? serverID(arguments[1], "server_id") : nil
                return reply(await context.control.repair(arguments[0], winner: winner))
            } catch {
                return .failure(error.text)
            }
        },
        AdminCommand(
            "tail", .cluster, [.one("source"), .one("destination")],
            "Shows what goes from one server to another, until the client sends anything. On the primary.", run: tail),
        AdminCommand(
            "monitor", .cluster, [.one("source"), .one("destination")],
            "TAIL under the name with which redis-cli goes on reading.", run: tail),
        AdminCommand("add", .cluster, [.one("ip:port")], "A hub joins the group; ip:port is its Raft address.") {
            _, context, arguments in
            await withHubAddress(arguments[0]) { await context.control.addHub(at: $0) }
        },
        AdminCommand("remove", .cluster, [.one("ip:port")], "A hub leaves the group; ip:port is its Raft address.") {
            _, context, arguments in
            await withHubAddress(arguments[0]) { await context.control.removeHub(at: $0) }
        },
        AdminCommand("servers", .cluster, [], "Lists the servers of the sync.") { _, context, _ in
            list(servers: await context.control.info())
        },
        AdminCommand("hubs", .cluster, [], "Lists the hubs of the group.") { _, context, _ in
            list(hubs: await context.control.info())
        },
        AdminCommand(
            "failover", .cluster, [.optional("hub")],
            "Hands the primary's part to another hub, named by its id or its Raft address."
        ) { _, context, arguments in
            guard let name = arguments.first?.text else { return reply(await context.control.failOver(to: nil)) }
            let hubs = await context.control.info().members
            guard let hub = hubs.first(where: { $0.id.description == name || $0.raftAddress.description == name })
            else { return .failure("'\(name.prefix(128))' is not the id or the Raft address of a hub of the group") }
            return reply(await context.control.failOver(to: hub.id))
        },
    ]

    private static let tail: Handler = { session, context, arguments in
        let info = await context.control.info()
        do throws(InvalidArgument) {
            let source = try serverID(arguments[0], "source")
            let destination = try serverID(arguments[1], "destination")
            guard source != destination else { return .failure("source and destination are the same server") }
            for id in [source, destination] where info.state.servers[id] == nil {
                return reply(.refused(.serverNotFound(id: id)))
            }
            guard info.raft.role == .primary else { return .failure("only the primary relays; see HUBS") }
            session.watched = AdminSession.Route(source: source, destination: destination)
            return .ok
        } catch {
            return .failure(error.text)
        }
    }

    static func reply(_ outcome: CommandOutcome) -> RESPReply { outcome.errorText.map(RESPReply.failure) ?? .ok }

    private static func proposing(
        _ context: AdminContext, _ command: () throws(InvalidArgument) -> HubCommand
    ) async -> RESPReply {
        do throws(InvalidArgument) {
            return reply(await context.control.execute(try command()))
        } catch {
            return .failure(error.text)
        }
    }

    private static func withHubAddress(_ text: [UInt8], _ body: (Address) async -> CommandOutcome) async -> RESPReply {
        guard let address = parseAddress(text.text) else {
            return .failure("'\(text.text.prefix(128))' is no address of a hub: expected ip:port")
        }
        return reply(await body(address))
    }

    // MARK: Arguments

    private struct InvalidArgument: Error { var text: String }

    private static func serverID(_ text: [UInt8], _ name: String) throws(InvalidArgument) -> ServerID {
        guard let id = parseServerID(text.text) else {
            throw InvalidArgument(text: "\(name) must be a number from 1 to \(UInt32.max)")
        }
        return id
    }

    private static func address(_ host: [UInt8], _ port: [UInt8]) throws(InvalidArgument) -> Address {
        guard let host = parseHost(host.text) else {
            throw InvalidArgument(text: "ip must be an ip address or a host name")
        }
        guard let port = parsePort(port.text), port <= Address.maximumPikaPort else {
            throw InvalidArgument(text: "port must be a number from 1 to \(Address.maximumPikaPort)")
        }
        return Address(host: host, port: port)
    }

    /// Only passwords that a configuration file can hold, so that CONFIG REWRITE can write them.
    private static func password(_ rest: ArraySlice<[UInt8]>) throws(InvalidArgument) -> String? {
        guard let bytes = rest.first else { return nil }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: ",") }),
            let password = String(validating: bytes, as: UTF8.self)
        else { throw InvalidArgument(text: "a password of a server may hold neither commas nor blanks") }
        return password
    }

    // MARK: Lists

    private static func list(servers info: HubInfo) -> RESPReply {
        .array(
            info.state.servers.values.sorted { $0.id < $1.id }.map { server in
                let link = info.links[server.id] ?? HubInfo.Link()
                return .map([
                    .init("server_id", .integer(Int(server.id.rawValue))), .init("kind", .text(server.kind.rawValue)),
                    .init("ip", .text(server.address.host)), .init("port", .integer(server.address.port)),
                    .init("password", .text(server.password.isEmpty ? "" : "***")),
                    .init("paused", .integer(server.isPaused ? 1 : 0)),
                    .init("sync_status", .integer(link.status.rawValue)), .init("problem", .text(link.problem)),
                ])
            })
    }

    private static func list(hubs info: HubInfo) -> RESPReply {
        .array(
            info.members.map { hub in
                .map([
                    .init("id", .text(hub.id.description)), .init("raft", .text(hub.raftAddress.description)),
                    .init("admin", .text(hub.adminAddress?.description ?? "")),
                    .init("primary", .integer(hub.id == info.raft.leader ? 1 : 0)),
                    .init("learner", .integer(hub.isLearner ? 1 : 0)),
                    .init("self", .integer(hub.id == info.raft.hub ? 1 : 0)),
                ])
            })
    }
}
