internal import HubStore

extension Metric {
    /// In the README's order.
    static let all =
        processMetrics + groupMetrics + serverMetrics + routeMetrics + storeMetrics + clientMetrics + recordedMetrics

    private static let processMetrics: [Metric] = [
        Metric("build_info", .gauge, "1; its labels say what runs.") { _ in
            [Sample(1, Label("version", HubVersion.current), Label("revision", HubVersion.gitRevision))]
        },
        Metric("start_time_seconds", .gauge, "When the process started, unix time.") {
            $0.info.process.startedMicroseconds / 1_000_000
        },
        Metric("resident_memory_bytes", .gauge, "Memory of the process.") { $0.info.memory.residentBytes },
        Metric("open_descriptors", .gauge, "Open files and sockets of the process.") {
            $0.info.process.openDescriptors
        },
        Metric("cpu_seconds_total", .counter, "Processor time of the process, by mode.") { figures in
            [
                Sample(figures.info.process.userCPUSeconds, Label("mode", "user")),
                Sample(figures.info.process.systemCPUSeconds, Label("mode", "system")),
            ]
        },
        Metric("log_messages_total", .counter, "Messages of the log by kind, those held back included.") { figures in
            figures.info.process.logMessages.sorted { $0.key < $1.key }.map { Sample($0.value, Label("kind", $0.key)) }
        },
        Metric("log_lines_lost_total", .counter, "Lines of the log that could not be written.") {
            $0.info.process.lostLogLines
        },
    ]

    private static let groupMetrics: [Metric] = [
        Metric("is_primary", .gauge, "1 on the primary.") { $0.info.raft.role == .primary ? 1 : 0 },
        Metric("has_primary", .gauge, "1 while this hub knows of a primary.") { $0.info.raft.leader == nil ? 0 : 1 },
        Metric("members", .gauge, "Hubs of the group.") { $0.info.members.count },
        Metric("raft_term", .gauge, "The current term.") { $0.info.raft.term },
        Metric("raft_last_index", .gauge, "The last entry of this hub's log.") { $0.info.raft.lastIndex },
        Metric("raft_commit_index", .gauge, "The last entry that is known to be committed.") {
            $0.info.raft.commitIndex
        },
        Metric("raft_applied_index", .gauge, "The last entry that this hub has applied.") {
            $0.info.raft.appliedIndex
        },
        Metric("raft_elections_total", .counter, "Elections that this hub has called.") { $0.info.raft.elections },
        Metric("raft_proposal_seconds", .histogram, "From a proposal to its application, on the primary.") { figures in
            Sample.histogram(figures.info.raft.proposals)
        },
        Metric("peer_lag_entries", .gauge, "Entries that another hub is known to lack; on the primary.") { figures in
            figures.info.members.compactMap { member in
                member.lagEntries.map { Sample($0, Label("hub", member.id)) }
            }
        },
        Metric("peer_contact_seconds", .gauge, "Since another hub was heard of last.") { figures in
            figures.info.members.compactMap { member in
                member.lastContactMilliseconds.map { Sample(Double($0) / 1000, Label("hub", member.id)) }
            }
        },
        Metric("positions_saved_seconds", .gauge, "When positions were last written to the Raft log, unix time.") {
            $0.info.lastSavedUnixSeconds
        },
    ]

    // MARK: Servers and routes, on the primary only

    private static let serverMetrics: [Metric] = [
        server("server_in_sync", .gauge, "1 while the server's link is established.") { link, _ in
            link.status == .connected ? 1 : 0
        },
        server("server_paused", .gauge, "1 while the server is paused.") { _, server in server.isPaused ? 1 : 0 },
        server("server_binlog_connections", .gauge, "Connections on which the server sends its binlog.") { link, _ in
            link.receiveConnections
        },
        server("server_received_records_total", .counter, "Records that came from the server.") { link, _ in
            link.receivedRecords
        },
        server("server_received_bytes_total", .counter, "Bytes of those records.") { link, _ in link.receivedBytes },
        server("server_delivered_records_total", .counter, "Records that were sent to the server, repeats included.") {
            link, _ in link.deliveredRecords
        },
        server("server_delivered_bytes_total", .counter, "Bytes of those records.") { link, _ in link.deliveredBytes },
        server("server_refused_commands_total", .counter, "Commands that the server did not take.") { link, _ in
            link.refusedCommands
        },
        server("server_reconnects_total", .counter, "Times that an established link was lost.") { link, _ in
            link.reconnects
        },
        server("server_takeovers_total", .counter, "Times that the server was taken over from another hub.") {
            link, _ in link.takeovers
        },
        server(
            "server_clock_offset_seconds", .gauge, "How far the server's clock is ahead of the hub's; negative: behind."
        ) {
            link, _ in link.clockOffset
        },
    ]

    private static func server(
        _ name: String, _ kind: Kind, _ help: String, _ value: @escaping @Sendable (HubInfo.Link, Server) -> Int
    ) -> Metric {
        Metric(name, kind, help) { figures in
            figures.info.links.sorted { $0.key < $1.key }.compactMap { id, link in
                figures.info.state.servers[id].map { Sample(value(link, $0), Label("server", id)) }
            }
        }
    }

    private static let routeMetrics: [Metric] = [
        route("route_lag_seconds", .gauge, "For how long the destination has lacked something of the source.") {
            $0.lagSeconds
        },
        route("route_lag_records", .gauge, "Records that arrived and that the destination has not acknowledged.") {
            Double($0.lagRecords)
        },
        route("route_lag_bytes", .gauge, "Bytes of those records.") { Double($0.lagBytes) },
        route("route_records_total", .counter, "Records that the destination has acknowledged.") { Double($0.records) },
        route("route_bytes_total", .counter, "Bytes of those records.") { Double($0.bytes) },
        route("route_binlog_files_ahead", .gauge, "Binlog files that the source has begun beyond the acknowledged.") {
            $0.purge.map { Double($0.filesAhead) }
        },
        route("route_binlog_files_until_purge", .gauge, "Files that it may still begin before it purges one of them.") {
            $0.purge.map { Double($0.filesLeft) }
        },
        route("route_purge_near", .gauge, "1 when that is near: a fifth of the kept files, or two.") {
            $0.purge.map { $0.isNear ? 1 : 0 }
        },
        Metric("route_acknowledged_file", .gauge, "The binlog file of the acknowledged position.") { figures in
            positions(figures) { Double($0.file) }
        },
        Metric("route_acknowledged_offset_bytes", .gauge, "The offset of the acknowledged position.") { figures in
            positions(figures) { Double($0.offset) }
        },
    ]

    private static func route(
        _ name: String, _ kind: Kind, _ help: String, _ value: @escaping @Sendable (HubInfo.Route) -> Double?
    ) -> Metric {
        Metric(name, kind, help) { figures in
            figures.info.routes.compactMap { route in
                value(route).map { Sample($0, Label("source", route.source), Label("destination", route.destination)) }
            }
        }
    }

    private static func positions(_ figures: Figures, _ value: (BinlogPosition) -> Double) -> [Sample] {
        figures.info.routes.compactMap { route in
            figures.info.state.acknowledged(source: route.source, destination: route.destination).map {
                Sample(value($0.newest), Label("source", route.source), Label("destination", route.destination))
            }
        }
    }

    // MARK: Stores and clients

    private static let storeMetrics: [Metric] = [
        Metric("relay_bytes", .gauge, "Bytes of the relay log.") { $0.info.relay.bytes },
        Metric("relay_max_bytes", .gauge, "relay-log-max-size.") { $0.info.relay.maximumBytes },
        Metric("relay_full", .gauge, "1 while sources are not read because the relay log is full.") {
            $0.info.relay.isFull ? 1 : 0
        },
        Metric("inner_connections_rejected_total", .counter, "Connections to sdk-port + 1000 that were turned away.") {
            $0.info.relay.rejectedConnections
        },
        Metric("inner_protocol_errors_total", .counter, "Binlog connections closed because of what they sent.") {
            $0.info.relay.protocolErrors
        },
        Metric("in_flight_bytes", .gauge, "Bytes that were sent and are not acknowledged.") {
            $0.info.memory.inFlightBytes
        },
        Metric("versions", .gauge, "Keys whose last writer is known.") { $0.info.memory.versions },
        Metric("version_table_bytes", .gauge, "Memory of the version table.") { $0.info.memory.versionTableBytes },
        Metric("version_table_max_bytes", .gauge, "version-table-memory.") {
            $0.info.memory.maximumVersionTableBytes
        },
        Metric("versions_in_overflow", .gauge, "Of these keys, those whose versions are on disk.") {
            $0.info.memory.overflowVersions
        },
        Metric("version_overflow_bytes", .gauge, "What they take there.") { $0.info.memory.overflowBytes },
        Metric("versions_forgotten_total", .counter, "Versions that were lost; conflicts on them may be unseen.") {
            $0.info.memory.forgottenVersions
        },
        Metric("conflicts_total", .counter, "Keys that two servers wrote at once.") { $0.info.conflicts.detected },
        Metric("repairs_total", .counter, "Keys that were copied from the server that won.") {
            $0.info.conflicts.repaired
        },
        Metric("repairs_pending", .gauge, "Keys that wait to be copied.") { $0.info.conflicts.pending },
        Metric("unrepaired_total", .counter, "Keys that could not be copied and may differ.") {
            $0.info.conflicts.unrepaired
        },
        Metric("unrelayed_commands_total", .counter, "Commands that cannot be relayed, by name.") { figures in
            figures.info.unrelayedCommands.sorted { $0.key < $1.key }.map { Sample($0.value, Label("command", $0.key)) }
        },
    ]

    private static let clientMetrics: [Metric] = [
        Metric("admin_connections", .gauge, "Connections to the admin port.") { $0.clients.connectedClients },
        Metric("admin_connections_total", .counter, "Connections that were made to it.") {
            $0.clients.connectionsReceived
        },
        Metric("admin_connections_rejected_total", .counter, "Those that were refused.") {
            $0.clients.connectionsRejected
        },
        Metric("admin_idle_closed_total", .counter, "Those that were closed because they were idle.") {
            $0.clients.idleConnectionsClosed
        },
        Metric("admin_protocol_errors_total", .counter, "Those that were closed because of what they sent.") {
            $0.clients.protocolErrors
        },
        Metric("admin_failed_logins_total", .counter, "Wrong passwords.") { $0.clients.failedLogins },
        Metric("admin_commands_total", .counter, "Commands that were answered.") { $0.clients.commandsProcessed },
    ]
}
