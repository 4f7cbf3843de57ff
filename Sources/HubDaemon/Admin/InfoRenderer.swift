internal import HubStore

/// The sections of INFO. `main` is the original's own part, which differs between primary and secondary.
enum InfoSection: String, Hashable, Sendable, CaseIterable {
    case server, clients, memory, stats, main, hubs, servers, routes, raft, relay, conflicts, unrelayed, warnings

    /// What INFO without arguments shows: the original's lines in its order, then ours.
    static let standard: [InfoSection] = [
        .server, .stats, .main, .raft, .routes, .relay, .conflicts, .unrelayed, .warnings,
    ]

    static func chosen(by name: String) -> [InfoSection]? {
        switch name {
        case "default": standard
        case "all", "everything":
            [.server, .clients, .memory, .stats, .main, .hubs, .servers, .raft, .routes]
                + [.relay, .conflicts, .unrelayed, .warnings]
        default: InfoSection(rawValue: name).map { [$0] }
        }
    }
}

/// Makes INFO's text. Pure. Lines end in CR LF; the original's lines are as in `protocol/original-admin.md`, except
/// that passwords are `***`.
struct InfoRenderer: Sendable {
    var info: HubInfo
    var clients: ClientRegistry.Statistics

    func render(_ sections: [InfoSection]) -> String {
        sections.flatMap(lines).map { $0 + "\r\n" }.joined()
    }

    private func lines(_ section: InfoSection) -> [String] {
        switch section {
        case .server: server
        case .clients: clientLines
        case .memory: memory
        case .stats: stats
        case .main: info.raft.role == .primary ? primary : secondary
        case .hubs: hubs
        case .servers: servers
        case .routes: routes
        case .raft: raft
        case .relay: relay
        case .conflicts: conflicts
        case .unrelayed: unrelayed
        case .warnings: warnings
        }
    }

    // MARK: This process

    private var server: [String] {
        let process = info.process
        return [
            "# Server",
            "version: \(HubVersion.current)",
            "pika_hub_build_git_sha:\(HubVersion.gitRevision)",
            "pika_hub_build_compile_date: \(localTime(unixSeconds: info.process.builtUnixSeconds))",
            "process_id:\(process.pid)",
            "uptime_in_seconds:\((process.nowMicroseconds - process.startedMicroseconds) / 1_000_000)",
            "config_file:\(process.configurationFile)",
            "raft_address:\(process.raftAddress)",
            "admin_address:\(process.adminAddress)",
        ]
    }

    private var clientLines: [String] {
        [
            "# Clients",
            "connected_clients:\(clients.connectedClients)",
            "rejected_connections:\(clients.connectionsRejected)",
            "idle_connections_closed:\(clients.idleConnectionsClosed)",
            "protocol_errors:\(clients.protocolErrors)",
            "failed_logins:\(clients.failedLogins)",
        ]
    }

    private var memory: [String] {
        let memory = info.memory
        return [
            "# Memory",
            "used_memory_rss:\(memory.residentBytes)",
            "version_table_bytes:\(memory.versionTableBytes)",
            "version_table_max_bytes:\(memory.maximumVersionTableBytes)",
            "versions:\(memory.versions)",
            "versions_in_overflow:\(memory.overflowVersions)",
            "version_overflow_bytes:\(memory.overflowBytes)",
            "versions_forgotten:\(memory.forgottenVersions)",
            "in_flight_bytes:\(memory.inFlightBytes)",
        ]
    }

    private var stats: [String] {
        [
            "# Stats",
            "total_connections_received:\(clients.connectionsReceived)",
            "instantaneous_ops_per_sec:\(clients.commandsPerSecond)",
            "total_commands_processed:\(clients.commandsProcessed)",
            "lru_cache_record_num:\(info.memory.versions)",
            "used_cpu_user:\(fixed(info.process.userCPUSeconds, places: 3))",
            "used_cpu_sys:\(fixed(info.process.systemCPUSeconds, places: 3))",
            "lost_log_lines:\(info.process.lostLogLines)",
            "suppressed_log_lines:\(info.process.suppressedLogLines)",
        ]
    }

    // MARK: The original's own part

    private var primary: [String] {
        let hubs = info.members.map { "\($0.raftAddress)" }
        let saved = info.lastSavedUnixSeconds.map(localTime(unixSeconds:)) ?? ""
        return ["# Info for [Primary]", "# Pika-Hubs"] + hubs + [
            "# Pika-Servers",
            "binlog_writer_offset:0:\(info.relay.nextChunk)",
            "last_success_save_offset_time:\(saved)",
        ] + sortedServers.map(primaryLine) + [
            "## Saved recover offset",
            "last_success_save_offset_time:\(saved)",
        ] + sortedServers.map(savedLine)
    }

    private func primaryLine(_ server: Server) -> String {
        let link = info.links[server.id] ?? HubInfo.Link()
        let fields = [
            "server_id:\(server.id)", "ip:\(server.address.host)", "port:\(server.address.port)",
            "password:\(server.password.isEmpty ? "" : "***")", "sync_status:\(link.status.rawValue)",
            "receive_fd_num:\(link.receiveConnections)", "recv_offset:\(position(link.received))",
            "send_fd:\(link.sendConnection ?? -1)", "send_offset:0:\(link.sentChunk)",
            "heartbeat_fd:\(link.heartbeatConnection ?? -1)",
        ]
        return fields.joined(separator: ", ")
    }

    /// `1:2-0 3-4 `: of source 1, file 0 is saved for destination 2 and file 4 for destination 3.
    private func savedLine(_ source: Server) -> String {
        let cells = sortedServers.compactMap { destination in
            info.state.acknowledged(source: source.id, destination: destination.id).map {
                "\(destination.id)-\($0.newest.file) "
            }
        }
        return "\(source.id):" + cells.joined()
    }

    private var secondary: [String] {
        let now = info.process.nowMicroseconds
        let deadline = info.raft.leaseDeadlineMicroseconds ?? 0
        let known = info.members.first { $0.id == info.raft.leader }?.adminAddress
        return [
            "# Info for [Secondary]",
            " Primary-Info",
            "primary: \(known.map(\.description) ?? "")",
            "now: \(now)",
            "primary_lease_deadline: \(deadline)",
            "seconds_to_expire_lease: \(max(0, deadline - now) / 1_000_000)",
        ]
    }

    // MARK: The group

    private var hubs: [String] {
        ["# Hubs", "hubs:\(info.members.count)"]
            + info.members.map { hub in
                let role = hub.id == info.raft.leader ? "primary" : hub.isLearner ? "learner" : "secondary"
                return "hub_\(hub.id):raft=\(hub.raftAddress),admin=\(text(hub.adminAddress)),role=\(role)"
            }
    }

    private var raft: [String] {
        let raft = info.raft
        let peers = info.members.filter { $0.id != raft.hub }.map { peer in
            "peer_\(peer.id):address=\(peer.raftAddress),lag_entries=\(text(peer.lagEntries)),"
                + "last_contact_milliseconds=\(text(peer.lastContactMilliseconds))"
        }
        return [
            "# Raft",
            "role:\(raft.role.rawValue)",
            "hub_id:\(raft.hub)",
            "leader_id:\(raft.leader.map(\.description) ?? "")",
            "term:\(raft.term)",
            "first_index:\(raft.firstIndex)",
            "last_index:\(raft.lastIndex)",
            "commit_index:\(raft.commitIndex)",
            "applied_index:\(raft.appliedIndex)",
            "elections:\(raft.elections)",
        ] + peers
    }

    private var servers: [String] {
        let servers = sortedServers
        return ["# Servers", "servers:\(servers.count)"]
            + servers.map { server in
                let link = info.links[server.id] ?? HubInfo.Link()
                return "server_\(server.id):kind=\(server.kind.rawValue),address=\(server.address),"
                    + "paused=\(server.isPaused ? 1 : 0),sync_status=\(link.status.rawValue),"
                    + "received_records=\(link.receivedRecords),received_bytes=\(link.receivedBytes),"
                    + "received_per_second=\(fixed(link.receivedPerSecond, places: 1)),"
                    + "delivered_records=\(link.deliveredRecords),delivered_bytes=\(link.deliveredBytes),"
                    + "delivered_per_second=\(fixed(link.deliveredPerSecond, places: 1)),"
                    + "refused_commands=\(link.refusedCommands),reconnects=\(link.reconnects),"
                    + "takeovers=\(link.takeovers),clock_offset=\(link.clockOffset),problem=\(link.problem)"
            }
    }

    private var routes: [String] {
        ["# Routes"]
            + info.routes.map { route in
                let saved = info.state.acknowledged(source: route.source, destination: route.destination)?.newest
                return "route_\(route.source)_\(route.destination):acknowledged=\(position(saved)),"
                    + "lag_seconds=\(fixed(route.lagSeconds, places: 1)),lag_records=\(route.lagRecords),"
                    + "lag_bytes=\(route.lagBytes),records=\(route.records),bytes=\(route.bytes),"
                    + "records_per_second=\(fixed(route.recordsPerSecond, places: 1)),"
                    + "bytes_per_second=\(fixed(route.bytesPerSecond, places: 1)),"
                    + "binlog_files_ahead=\(text(route.purge?.filesAhead)),"
                    + "binlog_files_until_purge=\(text(route.purge?.filesLeft))"
            }
    }

    private var relay: [String] {
        let relay = info.relay
        return [
            "# Relay",
            "relay_bytes:\(relay.bytes)",
            "relay_max_bytes:\(relay.maximumBytes)",
            "relay_next_chunk:\(relay.nextChunk)",
            "relay_full:\(relay.isFull ? 1 : 0)",
            "inner_connections_rejected:\(relay.rejectedConnections)",
            "inner_protocol_errors:\(relay.protocolErrors)",
        ]
    }

    private var conflicts: [String] {
        [
            "# Conflicts",
            "conflicts_detected:\(info.conflicts.detected)",
            "conflicts_repaired:\(info.conflicts.repaired)",
            "conflicts_unrepaired:\(info.conflicts.unrepaired)",
            "repairs_pending:\(info.conflicts.pending)",
        ]
    }

    private var unrelayed: [String] {
        ["# Unrelayed"] + info.unrelayedCommands.sorted { $0.key < $1.key }.map { "unrelayed_\($0.key):\($0.value)" }
    }

    private var warnings: [String] {
        ["# Warnings", "warnings:\(info.warnings.count)"]
            + info.warnings.enumerated().map { "warning_\($0.offset + 1):\($0.element)" }
    }

    // MARK: Parts of lines

    private var sortedServers: [Server] { info.state.servers.values.sorted { $0.id < $1.id } }
    private func position(_ position: BinlogPosition?) -> String { position.map { "\($0.file):\($0.offset)" } ?? "0:0" }
    private func text(_ value: (some CustomStringConvertible)?) -> String { value.map(\.description) ?? "" }
}
